"""ft_utils.doctor: both distributions that have a package ft_utils."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from ft_utils import __version__
from ft_utils.doctor import examine
from helpers.limits import LONG

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


def run_in(folder, *words):
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        timeout=2 * LONG,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "default"},
    )


def test_both_installed_is_told_at_import(both):
    done = run_in(both, "-c", "from ft_utils.concurrency import AtomicInt64; print(AtomicInt64(7))")
    assert (done.returncode, done.stdout) == (0, "7\n")
    assert "<string>:1: RuntimeWarning: ft_utils 0.2.0 is installed over ft-utils-rs" in done.stderr
    assert "pip uninstall ft_utils ft-utils-rs" in done.stderr
    shutil.rmtree(both / "ft_utils-0.2.0.dist-info")
    assert run_in(both, "-c", "import ft_utils").stderr == ""


@pytest.mark.parametrize("on_top", ["ours", "theirs"])
def test_doctor_finds_that_both_are_installed(both, on_top):
    if on_top == "theirs":
        for name in ("__init__", "concurrency", "local", "synchronization"):
            (both / "ft_utils" / f"{name}.py").write_text("")
    done = run_in(both, "-m", "ft_utils", "doctor", "keyword", "--json")
    assert done.returncode == 1
    finding = json.loads(done.stdout)["findings"][0]
    assert (finding["code"], finding["subject"]) == ("both-installed", "ft_utils")
    assert "ft_utils 0.2.0 and ft-utils-rs" in finding["message"]
    assert "pip uninstall ft_utils ft-utils-rs" in finding["advice"]
    done = run_in(both, "-m", "ft_utils", "--version")
    assert (done.returncode, done.stdout) == (0, f"ft_utils {__version__}\n")


def test_virtual_environment_is_told(monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")
    assert examine(["keyword"]).interpreter.virtual_environment
    monkeypatch.setattr(sys, "base_prefix", "/somewhere/else")
    assert not examine(["keyword"]).interpreter.virtual_environment
