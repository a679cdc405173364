"""RWLock: acquire_read() and acquire_write()."""

import inspect
import math
import time

import pytest
from ft_utils.synchronization import RWLock

from locks.arguments import ACQUIRE

from .shared import in_thread, state


@pytest.mark.parametrize("name", ["acquire_read", "acquire_write"])
def test_acquire_arguments(name):
    lock = RWLock()
    acquire = getattr(lock, name)
    release = getattr(lock, name.replace("acquire", "release"))
    for args, kwargs in ACQUIRE:
        assert acquire(*args, **kwargs) is True
        release()
    for args, kwargs, error in [
        ((False, 1), {}, ValueError),
        ((), {"timeout": -2}, ValueError),
        ((), {"timeout": math.nan}, ValueError),
        ((), {"timeout": math.inf}, OverflowError),
        ((), {"timeout": "1"}, TypeError),
        ((1, 2, 3), {}, TypeError),
        ((), {"foo": 1}, TypeError),
    ]:
        with pytest.raises(error):
            acquire(*args, **kwargs)
        assert state(lock) == (0, 0, False)
    parameters = inspect.signature(acquire).parameters
    assert [(p.name, p.default) for p in parameters.values()] == [
        ("blocking", True),
        ("timeout", -1),
    ]


def test_acquire_gives_up():
    lock = RWLock()
    start = time.monotonic()
    with lock.write():
        assert in_thread(lock.acquire_read, False) is False
        assert in_thread(lock.acquire_write, False) is False
        assert in_thread(lock.acquire_read, True, 0.02) is False
        assert in_thread(lock.acquire_write, True, 0.02) is False
    assert time.monotonic() - start >= 0.04
    with lock.read():
        assert in_thread(lock.acquire_write, True, 0.02) is False
        assert in_thread(lock.acquire_read, True, 0.02) is True
    # The thread that read has ended without unlocking.
    assert state(lock) == (1, 0, False)
