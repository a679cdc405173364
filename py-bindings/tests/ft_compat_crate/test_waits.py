"""The crate ft-compat: waits that let signals through."""

import gc
import shutil

import pytest
from helpers.limits import LONG, VERY_LONG
from helpers.marks import POSIX
from helpers.programs import ASLEEP, run_python
from helpers.threads import Task

from .shared import LOAD

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


def test_gate(ext):
    gate = ext.Gate()
    assert gate.wait(0) is False
    assert gate.wait(timeout=1e-9) is False
    waiters = [Task(gate.wait, timeout).until_asleep() for timeout in (None, LONG, 1e300)]
    # A thread that waits attached would stop this.
    gc.collect()
    gate.open()
    assert [waiter.result() for waiter in waiters] == [True] * 3
    assert gate.wait() and gate.wait(0)


@pytest.mark.parametrize(
    ("timeout", "error"), [(-1, ValueError), (float("nan"), ValueError), ("1", TypeError)]
)
def test_bad_timeout(ext, timeout, error):
    with pytest.raises(error, match="timeout must"):
        ext.Gate().wait(timeout)


@POSIX
@pytest.mark.parametrize("timeout", [None, 1000])
def test_interrupt_ends_a_wait(ext, library, timeout):
    out = run_python(
        f"""{LOAD}{ASLEEP}
import faulthandler, os, signal, sys, threading, time
faulthandler.dump_traceback_later(40, exit=True)
gate = load({str(library)!r}).Gate()
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    gate.wait({timeout})
except KeyboardInterrupt:
    print("interrupted", gate.wait(0))
"""
    )
    assert out == "interrupted False\n"
