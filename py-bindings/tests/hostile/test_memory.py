"""Operations that run out of memory."""

import dis
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import ft_utils
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


# These may hang on 3.11 to 3.13.
KNOWN = {
    "ThreadGroup.start",
    "ThreadGroup._stop",
    "ThreadGroup.__exit__",
    "ThreadGroup.__aexit__",
    "Flight.__exit__",
    "Flight.send",
    "results_of_chunks",
    "_Line.reduced",
    "_folders",
}
# Programs and helpers for tests.
TOOLS = {"__main__.py", "doctor", "testing.py", "lock_test_utils.py"}


def test_short_handlers():
    """No function of the package hangs when memory runs out.

    Where an exception may leave an ``except``, ``finally`` or ``with``, CPython keeps the number of
    the current instruction as an int. If there is no memory for that, 3.11 to 3.13 raise an error
    there, for which they need that int again, and so on for ever. It takes no extension module:

        def f():
            x = 0  # and 300 lines like this
            try:
                1 / 0
            finally:
                _testcapi.set_nomemory(0)
                bytearray(1000)

    Up to 256 the ints exist already.
    """
    package = Path(ft_utils.__file__).parent
    long = []
    for file in package.rglob("*.py"):
        if not TOOLS & set(file.relative_to(package).parts):
            for code in codes(compile(file.read_text(encoding="utf-8"), file, "exec")):
                handlers = [
                    entry.end for entry in dis.Bytecode(code).exception_entries if entry.lasti
                ]
                if max(handlers, default=0) > 2 * 256:
                    long.append((file.name, code.co_qualname))
    assert [each for each in long if each[1] not in KNOWN] == []


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a piece of code and all that is defined in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)
