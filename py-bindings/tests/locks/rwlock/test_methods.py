"""RWLock: arguments and results of its methods."""

import pytest
from ft_utils.synchronization import RWLock

from .shared import state


@pytest.mark.parametrize(("args", "kwargs"), [((1,), {}), ((None,), {}), ((), {"foo": 1})])
def test_no_arguments(args, kwargs):
    with pytest.raises(TypeError):
        RWLock(*args, **kwargs)


def test_new_without_init():
    lock = RWLock.__new__(RWLock)
    with lock.read():
        assert state(lock) == (1, 0, False)


def test_what_methods_return():
    lock = RWLock()
    assert state(lock) == (0, 0, False)
    assert lock.lock_read() is None
    assert state(lock) == (1, 0, False)
    assert lock.unlock_read() is None
    assert lock.lock_write() is None
    assert state(lock) == (0, 0, True)
    assert lock.downgrade() is None
    assert state(lock) == (1, 0, False)
    assert lock.release_read() is None
    assert lock.acquire_write() is True
    assert lock.release_write() is None
    assert lock.acquire_read() is True
    assert lock.unlock_read() is None
    assert state(lock) == (0, 0, False)
    assert type(lock.readers()) is type(lock.writers_waiting()) is int
    assert type(lock.writer_locked()) is bool


def test_methods_without_arguments():
    lock = RWLock()
    for name in dir(RWLock):
        if name.startswith("_") or name.startswith("acquire"):
            continue
        with pytest.raises(TypeError):
            getattr(lock, name)(1)
        with pytest.raises(TypeError):
            getattr(lock, name)(foo=1)
    assert state(lock) == (0, 0, False)


def test_no_lock_of_its_own():
    lock = RWLock()
    assert not hasattr(lock, "lock")
    assert not hasattr(lock, "locked")
    assert not hasattr(lock, "acquire")
    with pytest.raises(TypeError), lock:
        pass
