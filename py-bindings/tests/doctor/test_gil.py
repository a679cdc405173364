"""ft_utils.doctor: the imports that bring the GIL back."""

import sys

import pytest

from .shared import NATIVE, free_threaded, imported, of_code, with_gil

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


@free_threaded
@pytest.mark.parametrize(
    ("module", "culprit"),
    [
        ("plain", None),
        ("declares", None),
        ("declares_in_one_phase", None),
        ("needs_gil", "needs_gil"),
        ("needs_gil_in_slots", "needs_gil_in_slots"),
        ("brings_needs_gil", "needs_gil"),
        ("package", "package.inner._speed"),
        ("package._fast", "package.inner._speed"),
        ("namespace", None),
        ("namespace.part.module", "package.inner._speed"),
        ("objects", "needs_gil"),
        ("prints", None),
        ("hides", "needs_gil"),
        ("imports", "needs_gil"),
        ("runs_needs_gil", "needs_gil"),
        ("needs_gil_for_both", "needs_gil_for_both"),
        ("logs", "needs_gil"),
        ("records", "needs_gil"),
        ("survives", "needs_gil_in_vain"),
        ("spawns", None),
        *[(name, name) for name in NATIVE if name == "exports"],
    ],
)
def test_what_brings_the_gil_back(site, module, culprit):
    report = imported(module)
    [one] = report.imports
    assert one.outcome == "imported"
    assert one.gil_enabled is (culprit is not None)
    assert one.gil_brought_by == culprit
    assert report.undeclared == [culprit] * (culprit is not None)
    found = of_code(report, "undeclared")
    assert [finding.subject for finding in found] == report.undeclared
    assert report.status == (1 if culprit else 0)
    assert module not in sys.modules


@free_threaded
def test_each_import_is_on_its_own(site):
    report = imported("needs_gil", "plain", "needs_gil_in_slots")
    assert [one.gil_enabled for one in report.imports] == [True, False, True]
    assert report.undeclared == ["needs_gil", "needs_gil_in_slots"]


@free_threaded
@pytest.mark.parametrize(
    "undeclared",
    [
        ["needs_gil", "package.inner._speed", "needs_gil_in_slots"],
        ["needs_gil_in_slots", "package.inner._speed", "needs_gil"],
        ["package.inner._speed", "needs_gil_for_both", "needs_gil"],
    ],
)
def test_all_that_do_not_declare_are_named(site, undeclared):
    (site / "many.py").write_text(f"import declares, {', '.join(undeclared)}")
    report = imported("many")
    assert report.imports[0].gil_brought_by == undeclared[0]
    assert report.undeclared == undeclared
    assert {one.module: one.declares for one in report.extensions} == {
        "declares": True,
        "package._fast": True,
        **dict.fromkeys(undeclared, False),
    }
    first, second, third = of_code(report, "undeclared")
    assert "importing many loads it, and turns the GIL on" in first.message
    assert "had turned the GIL on already" in second.message
    assert "had turned the GIL on already" in third.message


@free_threaded
@pytest.mark.parametrize("what", ["sys.stderr.close()", "sys.stderr = None"])
def test_module_that_does_away_with_stderr(site, what):
    text = f"import sys\n{what}\nimport plain, needs_gil, needs_gil_in_slots"
    (site / "without.py").write_text(text)
    report = imported("without")
    assert (report.imports[0].outcome, report.imports[0].detail) == ("imported", "")
    assert report.undeclared == ["needs_gil", "needs_gil_in_slots"]


@free_threaded
def test_gil_that_came_back_unseen(site):
    report = imported("smuggles")
    [one] = report.imports
    assert (one.outcome, one.gil_enabled, one.gil_brought_by) == ("imported", True, None)
    assert report.troubles == ["smuggles: the GIL came back, and nothing said for which module"]
    # Modules that were not named may have been missed.
    assert [each.declares for each in report.extensions] == [None]
    assert report.status == 2


@with_gil
def test_extensions_are_listed_with_the_gil(site):
    report = imported("package")
    assert [one.module for one in report.extensions] == ["package._fast", "package.inner._speed"]
    assert report.undeclared == []
    assert [one.gil_enabled for one in report.imports] == [True]
    assert [one.code for one in report.findings] == ["gil-build"]
    assert report.status == 1
