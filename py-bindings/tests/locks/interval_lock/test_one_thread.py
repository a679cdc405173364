"""IntervalLock: its methods, in one thread."""

import inspect
import math
import threading
import time

import pytest
from ft_utils.synchronization import IntervalLock
from helpers.limits import LONG

from locks.arguments import ACQUIRE

from .shared import NEVER, in_thread


def test_what_methods_return():
    lock = IntervalLock()
    assert lock.locked() is False
    assert lock.lock() is None
    assert lock.locked() is True
    assert lock.poll() is None
    assert lock.cede() is None
    assert lock.unlock() is None
    assert lock.acquire() is True
    assert lock.release() is None
    assert lock.__enter__() is lock
    assert lock.__exit__(None, None, None) is None
    assert lock.waiters == 0
    assert not lock.locked()


def test_methods_without_arguments():
    lock = IntervalLock()
    lock.lock()
    for name in ("lock", "unlock", "locked", "cede", "poll", "__enter__", "handle", "release"):
        with pytest.raises(TypeError):
            getattr(lock, name)(1)
        with pytest.raises(TypeError):
            getattr(lock, name)(foo=1)
    lock.unlock()


def test_owner_does_not_wait_for_itself():
    lock = IntervalLock()
    lock.lock()
    for call in (
        lock.lock,
        lock.acquire,
        lambda: lock.acquire(True, 1),
        lock.__enter__,
        lock.handle().lock,
    ):
        with pytest.raises(RuntimeError):
            call()
        assert lock.locked()
    # No thread waits, so the thread does not wait for itself.
    assert lock.acquire(False) is False
    assert lock.acquire(timeout=0) is False
    lock.unlock()


@pytest.mark.parametrize("interval", [0, NEVER, math.inf])
def test_only_the_owner(interval):
    lock = IntervalLock(interval)
    calls = (lock.unlock, lock.release, lock.cede, lock.poll, lambda: lock.__exit__(None))

    def refused():
        for call in calls:
            with pytest.raises(RuntimeError):
                call()
        assert not lock._is_owned()

    # Never locked.
    refused()
    lock.lock()
    # Locked by another thread.
    in_thread(refused)
    assert lock.locked()
    assert lock._is_owned()
    lock.unlock()
    # Already unlocked.
    refused()
    assert not lock.locked()


def test_with_statement():
    lock = IntervalLock()
    with lock as entered:
        assert entered is lock
        assert lock.locked()
    assert not lock.locked()
    with pytest.raises(LookupError), lock:
        raise LookupError
    assert not lock.locked()
    with pytest.raises(RuntimeError), lock:
        lock.unlock()
    lock.lock()
    assert lock.__exit__() is None
    lock.lock()
    assert lock.__exit__(1, 2, 3, 4) is None


def test_exception_of_the_body_comes_first():
    lock = IntervalLock()
    with pytest.raises(LookupError), lock:
        lock.unlock()
        raise LookupError


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        ((False, 1), {}, ValueError),
        ((False,), {"timeout": 0}, ValueError),
        ((), {"timeout": -2}, ValueError),
        ((), {"timeout": -0.5}, ValueError),
        ((), {"timeout": math.nan}, ValueError),
        ((), {"timeout": math.inf}, OverflowError),
        ((), {"timeout": threading.TIMEOUT_MAX * 2}, OverflowError),
        ((), {"timeout": 10**400}, OverflowError),
        ((), {"timeout": "1"}, TypeError),
        ((True, 1, 2), {}, TypeError),
        ((), {"foo": 1}, TypeError),
    ],
)
def test_bad_acquire(args, kwargs, error):
    lock = IntervalLock()
    with pytest.raises(error):
        lock.acquire(*args, **kwargs)
    assert not lock.locked()


def test_acquire_forms():
    lock = IntervalLock()
    for args, kwargs in [*ACQUIRE, ((True, -1.0), {})]:
        assert lock.acquire(*args, **kwargs) is True
        lock.release()
    parameters = inspect.signature(lock.acquire).parameters
    assert [(p.name, p.default) for p in parameters.values()] == [
        ("blocking", True),
        ("timeout", -1),
    ]


def test_acquire_gives_up():
    lock = IntervalLock()
    lock.lock()
    assert in_thread(lock.acquire, False) is False
    assert in_thread(lock.acquire, True, 0) is False
    start = time.monotonic()
    assert in_thread(lock.acquire, True, 0.03) is False
    assert time.monotonic() - start >= 0.03
    assert lock.waiters == 0
    assert lock.locked()
    lock.unlock()
    assert in_thread(lambda: lock.acquire(timeout=LONG) and lock.release()) is None
