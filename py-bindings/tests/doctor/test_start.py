"""ft_utils.doctor: settings, and imports at the start of the interpreter."""

import sys

import pytest
from ft_utils.doctor import examine

from .shared import free_threaded, run_doctor

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


@free_threaded
@pytest.mark.parametrize("setting", ["0", "1"])
def test_setting_does_not_hide_anything(site, monkeypatch, setting):
    monkeypatch.setenv("PYTHON_GIL", setting)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    done, report = run_doctor("needs_gil", "declares")
    forced = {"0": "off", "1": "on"}[setting]
    assert report["interpreter"]["gil_setting"] == forced
    assert report["interpreter"]["gil_setting_from"] == "PYTHON_GIL"
    assert report["interpreter"]["gil_enabled"] is (setting == "1")
    assert [one["gil_enabled"] for one in report["imports"]] == [True, False]
    codes = [one["code"] for one in report["findings"]]
    assert codes == ["gil-forced-on"] * (setting == "1") + ["undeclared"]
    assert done.returncode == 1


@free_threaded
def test_option_is_told(site):
    _, report = run_doctor("plain", flags=["-X", "gil=1"])
    assert report["interpreter"]["gil_setting_from"] == "-X gil"
    assert [one["code"] for one in report["findings"]] == ["gil-forced-on"]


@free_threaded
@pytest.mark.parametrize("warnings", ["default", "error"])
def test_gil_that_is_on_from_the_start(site, monkeypatch, warnings):
    (site / "sitecustomize.py").write_text("import needs_gil")
    monkeypatch.setenv("PYTHONWARNINGS", warnings)
    done, report = run_doctor("plain", "declares")
    assert report["undeclared_at_start"] == ["needs_gil"]
    assert [one["code"] for one in report["findings"]] == ["gil-on"]
    assert [one["gil_brought_by"] for one in report["imports"]] == [None, None]
    assert [one["module"] for one in report["extensions"]] == ["declares"]
    assert done.returncode == 1


@free_threaded
@pytest.mark.parametrize(
    ("text", "undeclared"),
    [
        ("import needs_gil, needs_gil_in_slots", ["needs_gil", "needs_gil_in_slots"]),
        ("import needs_gil_in_slots, needs_gil", ["needs_gil_in_slots", "needs_gil"]),
        ("import package", ["package.inner._speed"]),
        ("import runs_needs_gil", ["needs_gil"]),
        ("import brings_needs_gil", ["needs_gil"]),
        ("import hides", ["needs_gil"]),
        ("import logs", ["needs_gil"]),
        # A .pth file in that folder is not read otherwise, as the folder is only on PYTHONPATH.
        ("import os, site; site.addsitedir(os.path.dirname(__file__))", ["needs_gil_in_slots"]),
    ],
)
def test_what_is_imported_at_the_start(site, text, undeclared):
    (site / "sitecustomize.py").write_text(text)
    (site / "early.pth").write_text("import needs_gil_in_slots\n")
    _, report = run_doctor("plain")
    assert report["undeclared_at_start"] == undeclared
    assert [one["code"] for one in report["findings"]] == ["gil-on"]


@free_threaded
def test_what_comes_after_the_start(site):
    (site / "sitecustomize.py").write_text("import needs_gil")
    _, report = run_doctor("imports", "needs_gil_in_slots")
    assert report["undeclared_at_start"] == ["needs_gil"]
    assert report["undeclared"] == ["needs_gil_in_slots"]
    assert [one["gil_brought_by"] for one in report["imports"]] == [None, None]
    assert [one["code"] for one in report["findings"]] == ["gil-on", "undeclared"]


@free_threaded
def test_gil_that_this_process_brought_back(monkeypatch):
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: True)
    [finding] = examine(["keyword"]).findings
    assert finding.code == "gil-on"


def test_site_is_as_usual(site):
    (site / "asks.py").write_text("assert exit and help")
    (site / "sitecustomize.py").write_text("import plain")
    (site / "later.py").write_text("import sys\nassert 'sitecustomize' in sys.modules")
    _, report = run_doctor("asks", "later")
    assert [one["outcome"] for one in report["imports"]] == ["imported", "imported"]


def test_flags_are_handed_on(site):
    # Which is not imported under -S.
    (site / "sitecustomize.py").write_text("import needs_gil")
    _, report = run_doctor("plain", flags=["-S"])
    assert report["imports"][0]["outcome"] == "imported"
    assert report["undeclared_at_start"] == []
