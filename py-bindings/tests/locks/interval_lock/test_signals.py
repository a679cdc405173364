"""IntervalLock: signals that interrupt a wait."""

import pytest
from helpers.marks import POSIX
from helpers.programs import run_python

from .shared import HEAD


@POSIX
@pytest.mark.parametrize(
    "call",
    ["lock.lock()", "lock.acquire()", "lock.acquire(timeout=1000)", "lock.__enter__()"],
)
def test_interrupt_ends_a_wait(call):
    out = run_python(
        f"""{HEAD}
lock, stop = held()
interrupt_when(lambda: lock.waiters == 1)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", lock._is_owned(), lock.waiters)
stop.set()
print(lock.acquire(timeout=30))
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted False 0\nTrue\n"


@POSIX
@pytest.mark.parametrize("call", ["cede", "poll"])
def test_interrupt_ends_a_cede(call):
    out = run_python(
        f"""{HEAD}
lock, has, stop = IntervalLock(0), threading.Event(), threading.Event()
def hold():
    with lock:
        has.set()
        stop.wait()
thread = threading.Thread(target=hold, daemon=True)
try:
    with lock:
        thread.start()
        while not lock.waiters:
            pass
        interrupt_when(lambda: has.is_set() and lock.waiters == 1)
        lock.{call}()
except KeyboardInterrupt as error:
    print("interrupted", lock._is_owned(), error.__context__)
stop.set()
print(lock.acquire(timeout=30))
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted False None\nTrue\n"


@POSIX
def test_handler_runs_during_a_wait():
    out = run_python(
        f"""{HEAD}
lock, stop = held()
def handle(*_):
    print("handled", lock._is_owned(), lock.waiters)
    stop.set()
signal.signal(signal.SIGUSR1, handle)
interrupt_when(lambda: lock.waiters == 1, signal.SIGUSR1)
lock.lock()
print(lock._is_owned())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "handled False 1\nTrue\n"


@POSIX
def test_handler_that_uses_the_lock():
    out = run_python(
        f"""{HEAD}
lock, stop = held()
def handle(*_):
    # Lines up a second time, and gives up.
    print(lock.acquire(timeout=0.01), lock.acquire(False))
    stop.set()
signal.signal(signal.SIGUSR1, handle)
interrupt_when(lambda: lock.waiters == 1, signal.SIGUSR1)
lock.lock()
print(lock._is_owned(), lock.waiters)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "False False\nTrue 0\n"
