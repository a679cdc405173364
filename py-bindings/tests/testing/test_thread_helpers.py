"""The helpers for tests: lock_test_utils and threading_test_utils."""

import inspect
import os
import signal
import threading
import unittest

import pytest
from ft_utils import lock_test_utils, threading_test_utils
from ft_utils.concurrency import AtomicInt64
from ft_utils.lock_test_utils import run_interrupt_handling
from ft_utils.synchronization import IntervalLock, RWLock
from ft_utils.threading_test_utils import run_concurrently, run_each_concurrently
from helpers.limits import LONG

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, sets signal handlers")


def test_signatures():
    assert list(inspect.signature(run_interrupt_handling).parameters) == [
        "self",
        "lock",
        "acquire",
        "release",
    ]
    parameters = inspect.signature(run_concurrently).parameters
    assert list(parameters) == ["worker_func", "nthreads", "args", "kwargs"]
    assert parameters["args"].default == ()
    assert list(inspect.signature(run_each_concurrently).parameters) == ["funcs"]
    assert lock_test_utils.__doc__
    assert threading_test_utils.__doc__


def test_same_call_in_every_thread():
    seen = []

    def work(*args, **kwargs):
        seen.append((args, kwargs, threading.current_thread()))

    assert run_concurrently(work, 4, (1, 2), {"three": 3}) is None
    assert run_concurrently(worker_func=work, nthreads=1, args=[1, 2], kwargs={"three": 3}) is None
    assert all(call[:2] == ((1, 2), {"three": 3}) for call in seen)
    assert len(seen) == len({call[2] for call in seen}) == 5
    run_concurrently(seen.clear, 1)
    assert seen == []


def test_all_are_there_at_once():
    together = threading.Barrier(5)
    run_concurrently(together.wait, 5, (LONG,))
    run_each_concurrently(together.wait for _ in range(5))


def test_each_function_in_a_thread():
    seen = []
    run_each_concurrently([lambda n=n: seen.append(n) for n in range(6)])
    assert sorted(seen) == list(range(6))


def test_bad_arguments():
    with pytest.raises(TypeError):
        run_concurrently(print)
    with pytest.raises(TypeError):
        run_concurrently(print, None)
    with pytest.raises(TypeError):
        run_each_concurrently(None)
    with pytest.raises(ValueError):
        run_concurrently(print, 0)
    for empty in ([], (), iter(())):
        with pytest.raises(ValueError):
            run_each_concurrently(empty)


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_exception_comes_out(kind):
    def fail():
        raise kind("on purpose")

    done = AtomicInt64()
    with pytest.raises(kind, match="on purpose") as caught:
        run_each_concurrently([done.incr, fail, done.incr])
    assert done == 2
    assert not hasattr(caught.value, "__notes__")
    assert any(entry.name == "fail" for entry in caught.traceback)


def test_no_exception_is_lost():
    first_failed = threading.Event()

    def fail_first():
        try:
            raise LookupError("first")
        finally:
            first_failed.set()

    def fail_later():
        assert first_failed.wait(LONG)
        # Until the first exception is where it belongs.
        while threading.active_count() > before + 2:
            pass
        raise ValueError("later")

    before = threading.active_count()
    with pytest.raises(LookupError, match="first") as caught:
        run_each_concurrently([fail_later, fail_first, fail_later])
    assert caught.value.__notes__ == ["Another thread raised ValueError: later"] * 2


def test_same_exception_from_all():
    failure = ValueError("shared")

    def fail():
        raise failure

    with pytest.raises(ValueError, match="shared") as caught:
        run_concurrently(fail, 4)
    assert caught.value is failure
    assert not hasattr(failure, "__notes__")


def test_exception_hook_is_left_alone():
    hook = threading.excepthook
    seen = []

    def work():
        seen.append(threading.excepthook)
        raise ValueError

    with pytest.raises(ValueError):
        run_concurrently(work, 2)
    assert threading.excepthook is hook
    assert seen == [hook] * 2


@pytest.mark.usefixtures("no_third_thread")
def test_thread_that_cannot_start():
    called = AtomicInt64()
    with pytest.raises(RuntimeError, match="start new thread"):
        run_concurrently(called.incr, 4)
    assert called == 0


LOCKS = {
    "IntervalLock": (IntervalLock, IntervalLock.lock, IntervalLock.unlock),
    "RWLock for writing": (RWLock, RWLock.lock_write, RWLock.unlock_write),
    "RWLock for reading": (RWLock, RWLock.lock_read, RWLock.unlock_read),
    "threading.Lock": (threading.Lock, lambda lock: lock.acquire(), lambda lock: lock.release()),
}


@pytest.mark.skipif(os.name != "posix", reason="SIGBREAK ends the process")
@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS.keys())
def test_interrupt_handling(lock):
    make, acquire, release = lock
    before = signal.getsignal(signal.SIGINT)
    run_interrupt_handling(unittest.TestCase(), make(), acquire, release)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="SIGBREAK ends the process")
@pytest.mark.parametrize("failing", ["acquire", "release"])
def test_failure_of_the_other_thread_goes_to_the_hook(monkeypatch, failing):
    def call(name):
        def refuse(lock):
            getattr(lock, name)()
            if name == failing and threading.current_thread() is not threading.main_thread():
                if name == "acquire":
                    lock.release()
                raise LookupError

        return refuse

    hooked = []
    monkeypatch.setattr(threading, "excepthook", lambda args: hooked.append(args.exc_type))
    before = signal.getsignal(signal.SIGINT)
    test = unittest.TestCase()
    if failing == "acquire":
        # Then nobody has raised the signal.
        with pytest.raises(AssertionError):
            run_interrupt_handling(test, threading.Lock(), call("acquire"), call("release"))
    else:
        run_interrupt_handling(test, threading.Lock(), call("acquire"), call("release"))
    assert hooked == [LookupError]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="SIGBREAK ends the process")
def test_failure_of_the_main_thread_is_raised(monkeypatch):
    def refuse(lock):
        raise LookupError

    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(LookupError):
        run_interrupt_handling(unittest.TestCase(), IntervalLock(), refuse, refuse)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="SIGBREAK ends the process")
def test_signal_that_is_not_handled(monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(signal, "raise_signal", lambda number: None)
    with pytest.raises(AssertionError):
        run_interrupt_handling(
            unittest.TestCase(), IntervalLock(), IntervalLock.lock, IntervalLock.unlock
        )
    assert signal.getsignal(signal.SIGINT) is before
