"""Operations that run out of memory."""

import importlib.util
import subprocess
import sys

import pytest
from helpers.limits import VERY_LONG
from helpers.marks import WITH_FORK
from helpers.places import TESTS


@pytest.mark.thread_unsafe(reason="a process of its own, which takes a while")
@pytest.mark.timeout(VERY_LONG)
@pytest.mark.skipif(importlib.util.find_spec("_testcapi") is None, reason="no _testcapi")
@WITH_FORK
def test_every_operation_without_memory():
    done = subprocess.run(
        [sys.executable, "-m", "hostile.no_memory"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=VERY_LONG,
        check=False,
    )
    # Each line is an operation that crashed, panicked, or left something behind.
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-5000:]
