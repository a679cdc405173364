"""RWLock: readers and writers in many threads."""

import pytest
from ft_utils.concurrency import AtomicInt64
from ft_utils.synchronization import RWLock
from helpers.threads import run_threads
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from .shared import in_thread, state

# How to take the lock, and to give it up.
READ = (RWLock.lock_read, RWLock.unlock_read)
WRITE = (RWLock.lock_write, RWLock.unlock_write)
BOTH = pytest.mark.parametrize(("take", "give"), [READ, WRITE], ids=["read", "write"])


def test_readers_and_writers():
    lock, data = RWLock(), [0, 0]
    written = AtomicInt64()

    def work(index):
        mine = lock.handle() if index % 2 else lock
        for n in range(300):
            kind = (n + index) % 4
            if kind == 0:
                mine.lock_write()
            elif kind == 1 and not mine.acquire_write(timeout=0.0001):
                continue
            if kind < 2:
                data[0] += 1
                data[1] += 1
                written.incr()
                if n % 2:
                    mine.unlock_write()
                    continue
                mine.downgrade()
            elif kind == 2:
                mine.lock_read()
            elif not mine.acquire_read(timeout=0.0001):
                continue
            assert data[0] == data[1]
            with mine.read():
                assert data[0] == data[1]
            mine.unlock_read()

    run_threads(4, work)
    assert data == [written, written]
    assert state(lock) == (0, 0, False)


class LikeNumbers(RuleBasedStateMachine):
    """One thread, against two numbers."""

    def __init__(self):
        super().__init__()
        self.lock = RWLock()
        self.readers, self.writing = 0, False

    def expect(self, call, allowed):
        if allowed:
            call()
        else:
            with pytest.raises(RuntimeError):
                call()
        return allowed

    @rule()
    def lock_read(self):
        self.readers += self.expect(self.lock.lock_read, not self.writing)

    @rule()
    def lock_write(self):
        free = not self.writing and self.readers == 0
        self.writing = self.expect(self.lock.lock_write, free) or self.writing

    @rule()
    def try_read(self):
        assert self.lock.acquire_read(False) == (not self.writing)
        self.readers += not self.writing

    @rule()
    def try_write(self):
        free = not self.writing and self.readers == 0
        assert self.lock.acquire_write(blocking=False) == free
        self.writing = self.writing or free

    @rule()
    def unlock_read(self):
        self.readers -= self.expect(self.lock.unlock_read, self.readers > 0)

    @rule()
    def unlock_write(self):
        self.expect(self.lock.unlock_write, self.writing)
        self.writing = False

    @rule()
    def downgrade(self):
        self.readers += self.expect(self.lock.downgrade, self.writing)
        self.writing = False

    @invariant()
    def same(self):
        assert state(self.lock) == (self.readers, 0, self.writing)


TestLikeNumbers = LikeNumbers.TestCase


@BOTH
def test_owner_that_ended(take, give):
    lock = RWLock()
    in_thread(take, lock)
    before = state(lock)
    for _ in range(30):
        # A new thread, perhaps with the identity of the one that ended.
        with pytest.raises(RuntimeError):
            in_thread(give, lock)
    assert state(lock) == before
