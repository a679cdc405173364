"""RWLock: the thread that has the lock, and others."""

import pytest
from ft_utils.synchronization import RWLock

from .shared import in_thread, state


def test_reading_nests():
    lock = RWLock()
    for n in range(1, 101):
        lock.lock_read()
        assert lock.readers() == n
    for n in reversed(range(100)):
        lock.unlock_read()
        assert lock.readers() == n
    with pytest.raises(RuntimeError):
        lock.unlock_read()


def test_nothing_to_give_up():
    lock = RWLock()
    for give in (
        lock.unlock_read,
        lock.unlock_write,
        lock.release_read,
        lock.release_write,
        lock.downgrade,
        lambda: lock.read().__exit__(None, None, None),
        lambda: lock.write().__exit__(None, None, None),
    ):
        with pytest.raises(RuntimeError):
            give()
        assert state(lock) == (0, 0, False)
    # The next reader counts, and keeps a writer out.
    lock.lock_read()
    assert in_thread(lock.acquire_write, False) is False
    lock.unlock_read()


def test_of_another_thread():
    lock = RWLock()

    def refused():
        for give in (lock.unlock_read, lock.unlock_write, lock.downgrade):
            with pytest.raises(RuntimeError):
                give()

    lock.lock_write()
    in_thread(refused)
    assert state(lock) == (0, 0, True)
    lock.downgrade()
    in_thread(refused)
    assert state(lock) == (1, 0, False)

    def reads_too():
        with lock.read():
            # One each.
            lock.unlock_read()
            with pytest.raises(RuntimeError):
                lock.unlock_read()
            lock.lock_read()

    in_thread(reads_too)
    assert state(lock) == (1, 0, False)
    lock.unlock_read()


def test_the_wrong_kind():
    lock = RWLock()
    with lock.read():
        with pytest.raises(RuntimeError):
            lock.unlock_write()
        with pytest.raises(RuntimeError):
            lock.downgrade()
    with lock.write(), pytest.raises(RuntimeError):
        lock.unlock_read()
    assert state(lock) == (0, 0, False)


def test_thread_does_not_wait_for_itself():
    lock = RWLock()
    other = lock.handle()
    reads = (lock.lock_read, lock.acquire_read, lambda: lock.acquire_read(timeout=9))
    writes = (lock.lock_write, lock.acquire_write, other.lock_write, lock.write().__enter__)
    with lock.write():
        for call in reads + writes:
            with pytest.raises(RuntimeError):
                call()
        # These wait for nobody.
        assert lock.acquire_read(False) is False
        assert lock.acquire_write(timeout=0) is False
        assert state(lock) == (0, 0, True)
    with lock.read():
        for call in writes:
            with pytest.raises(RuntimeError):
                call()
        assert lock.acquire_write(False) is False
        assert state(lock) == (1, 0, False)


def test_two_locks_do_not_mix():
    one, two = RWLock(), RWLock()
    one.lock_read()
    with pytest.raises(RuntimeError):
        two.unlock_read()
    two.lock_write()
    two.unlock_write()
    one.unlock_read()
    with one.write(), two.write(), pytest.raises(RuntimeError):
        one.lock_read()


def test_many_locks_in_any_order():
    locks = [RWLock() for _ in range(60)]
    for lock in locks * 2:
        lock.lock_read()
    for lock in locks[::2] + locks[::-1] + locks[1::2]:
        lock.unlock_read()
    for lock in locks:
        assert state(lock) == (0, 0, False)
        with pytest.raises(RuntimeError):
            lock.unlock_read()


def test_locks_that_die_while_held():
    for _ in range(200):
        lock = RWLock()
        lock.lock_read()
        lock.lock_read()
    for _ in range(200):
        lock = RWLock()
        lock.lock_write()
    lock = RWLock()
    with pytest.raises(RuntimeError):
        lock.unlock_read()
    in_thread(lock.lock_read)
    assert lock.readers() == 1
