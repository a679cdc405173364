"""ft_utils.doctor: the distributions that imported modules belong to."""

import shutil

import pytest
from ft_utils.doctor import examine
from helpers.builds import FREE_THREADED

from .shared import (
    FOREIGN,
    GIL_TAG,
    SUFFIX,
    distribution,
    free_threaded,
    imported,
    install,
    of_code,
)

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


@free_threaded
def test_import_knows_the_distribution(site):
    metadata = "Metadata-Version: 2.1\nName: inner\nVersion: 1.0\nHome-page: https://example.org/\n"
    install(site, "inner", [f"package/inner/_speed{SUFFIX}"], METADATA=metadata)
    install(site, "fast", [f"package/_fast{SUFFIX}"])
    install(site, "stranger", [f"declares{SUFFIX}"])
    report = imported("package")
    assert [one.name for one in report.distributions] == ["fast", "inner"]
    assert distribution(report, "fast").extensions[0].declares is True
    assert distribution(report, "inner").extensions[0].declares is False
    [finding] = report.findings
    assert "package.inner._speed (inner 1.0) does not declare" in finding.message
    assert "python -m pip install --upgrade inner" in finding.advice
    assert "https://example.org/" in finding.advice
    assert "PYTHON_GIL=0" in finding.advice


def test_installed_are_imported(site):
    install(site, "good", [f"declares{SUFFIX}", f"package/_fast{SUFFIX}"])
    bad = ["crashes", "needs_gil", "crashes_at_once", "declares_in_one_phase"]
    install(site, "bad", [name + SUFFIX for name in bad])
    report = examine(installed=True)
    assert [one.name for one in report.distributions] == ["bad", "good"]
    crashed = [one for one in report.imports if one.outcome == "crashed"]
    assert [one.module for one in crashed] == ["crashes", "crashes_at_once"]
    assert len(report.troubles) == 2
    declared = {
        one.module: one.declares for each in report.distributions for one in each.extensions
    }
    if FREE_THREADED:
        assert declared == {
            "crashes": True,
            # Before it could declare anything.
            "crashes_at_once": None,
            "declares": True,
            "declares_in_one_phase": True,
            "needs_gil": False,
            "package._fast": True,
        }
        # Importing `package._fast` loads that one too.
        undeclared = {one.subject for one in of_code(report, "undeclared")}
        assert undeclared == {"needs_gil", "package.inner._speed"}
    else:
        assert set(declared.values()) == {None}
    assert report.status == 1


@free_threaded
def test_what_was_not_loaded_is_told(site):
    install(site, "good", [f"declares{SUFFIX}"])
    install(site, "bad", [f"needs_gil{SUFFIX}"])
    report = examine()
    [trouble] = report.troubles
    assert trouble.startswith("bad and good have extension modules, which were not loaded.")
    assert "python -m ft_utils doctor --installed" in trouble
    assert (report.findings, report.status) == ([], 2)
    assert "Nothing found, but not all was seen: exit status 2." in report.to_text()
    assert examine(["plain"]).status == 0
    assert examine(installed=True).troubles == []


@free_threaded
def test_import_that_misses_its_extension(built, site):
    shutil.move(site / f"package/_fast{SUFFIX}", site / f"package/_fast{FOREIGN}")
    install(site, "fast", [f"package/_fast{FOREIGN}"], [GIL_TAG])
    install(site, "stranger", [f"module{FOREIGN}"], [GIL_TAG])
    shutil.copy(built / "declares", site / f"module{FOREIGN}")
    report = imported("package")
    assert report.imports[0].outcome == "raised"
    assert [one.name for one in report.distributions] == ["fast"]
    [finding] = report.findings
    assert (finding.code, finding.subject) == ("not-loadable", "fast")


@free_threaded
def test_declaration_that_was_not_read(built, site):
    shutil.copy(built / "declares", site / f"other_name{SUFFIX}")
    install(site, "thing", [f"other_name{SUFFIX}"])
    report = imported("other_name")
    assert "does not define module export function" in report.imports[0].detail
    assert [one.declares for one in report.extensions] == [None]
    assert distribution(report, "thing").extensions[0].declares is None
    assert report.status == 2
