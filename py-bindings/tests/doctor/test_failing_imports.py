"""ft_utils.doctor: modules that cannot be imported."""

import subprocess
import sys

import pytest
from ft_utils.doctor import examine
from helpers.builds import FREE_THREADED

from .shared import imported

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


@pytest.mark.parametrize(
    ("module", "outcome", "detail"),
    [
        ("is_not_there", "not found", "No module named 'is_not_there'"),
        ("plain.part", "not found", "No module named 'plain.part'"),
        ("namespace.part.other", "not found", "No module named 'namespace.part.other'"),
        ("misses", "raised", "ModuleNotFoundError: No module named 'is_not_there'"),
        ("raises", "raised", "LookupError: on purpose"),
        ("raises_silently", "raised", "Silent: (its message cannot be had)"),
        ("exits", "exited", "SystemExit: 3"),
        ("leaves", "crashed", "the process ended with status 0"),
        ("leaves_with_status", "crashed", "the process ended with status 7"),
        ("crashes", "crashed", "killed by SIGSEGV while crashes was loaded"),
        ("crashes_at_once", "crashed", "killed by SIGSEGV while crashes_at_once was loaded"),
    ],
)
def test_modules_that_cannot_be_imported(site, module, outcome, detail):
    report = imported(module, "plain")
    one, other = report.imports
    assert one.outcome == outcome
    assert detail in one.detail
    assert report.troubles == [f"{module}: {one.detail}"]
    assert other.outcome == "imported"
    assert report.status == (2 if not report.findings else 1)
    # The report has all that happened before.
    assert report.undeclared == ["needs_gil"] * (module == "exits" and FREE_THREADED)


@pytest.mark.parametrize("module", ["prints", "threads", "forks", "recovers"])
def test_modules_that_only_look_odd(site, capfd, module):
    report = imported(module)
    [one] = report.imports
    assert (one.outcome, one.detail) == ("imported", "")
    assert capfd.readouterr() == ("", "")


def test_module_that_hangs(site, monkeypatch):
    started = site / "hangs.started"
    wait = subprocess.Popen.wait

    def impatient(process, timeout=None):
        if timeout is None:
            return wait(process)
        assert timeout == 1234
        # Pretend that so much time has passed.
        while not started.exists():
            assert process.poll() is None
        raise subprocess.TimeoutExpired(process.args, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", impatient)
    report = imported("hangs", timeout=1234)
    [one] = report.imports
    assert one.outcome == "timed out"
    assert one.detail == "not done after 1234 s"
    assert [each.module for each in report.extensions] == ["declares"]


def test_interrupt_ends_the_process(site, monkeypatch):
    started = site / "hangs.started"
    processes = []

    def interrupted(process, timeout=None):
        monkeypatch.undo()
        processes.append(process)
        while not started.exists():
            assert process.poll() is None
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    path = [str(site), *sys.path]
    monkeypatch.setattr(sys, "path", path)
    with pytest.raises(KeyboardInterrupt):
        examine(["hangs"])
    assert processes[0].returncode is not None
