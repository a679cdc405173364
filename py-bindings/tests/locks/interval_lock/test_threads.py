"""IntervalLock: many threads, and threads that ended."""

import threading

import pytest
from ft_utils.concurrency import AtomicInt64
from ft_utils.synchronization import IntervalLock
from helpers.limits import LONG
from helpers.threads import Task, run_threads

from .shared import in_thread, take


def test_mutual_exclusion():
    lock, counts = IntervalLock(1e-5), [0]

    def work(index):
        mine = lock.handle() if index % 2 else lock
        done = 0
        for n in range(400):
            if (n + index) % 3 == 0:
                if not mine.acquire(timeout=0.0001):
                    continue
            else:
                mine.lock()
            before = counts[0]
            (mine.poll if n % 2 else mine.locked)()
            # Others may have had it in between.
            assert counts[0] >= before
            counts[0] += 1
            done += 1
            mine.unlock()
        return done

    assert sum(run_threads(4, work)) == counts[0]
    assert not lock.locked()
    assert lock.waiters == 0


def test_owner_that_ended():
    lock = IntervalLock()
    in_thread(lock.lock)
    assert lock.locked()
    for _ in range(30):
        # A new thread, perhaps with the identity of the one that ended.
        with pytest.raises(RuntimeError):
            in_thread(lock.unlock)
    assert lock.acquire(timeout=0.01) is False


def test_foreign_handles_share_the_owner():
    lock = IntervalLock(0.25)
    other = lock.handle()
    assert other is not lock
    assert type(other) is IntervalLock
    lock.lock()
    assert other.locked()
    assert other._is_owned()
    other.interval = 0.5
    assert lock.interval == 0.5
    other.unlock()
    assert not lock.locked()


def test_in_a_condition():
    lock = IntervalLock()
    condition, items = threading.Condition(lock), []

    def consume(n):
        got = []
        while len(got) < n:
            with condition:
                assert condition.wait_for(lambda: items, LONG)
                got.append(items.pop())
        return got

    tasks = [Task(consume, 50) for _ in range(2)]
    for n in range(100):
        with condition:
            items.append(n)
            condition.notify()
    assert sorted(tasks[0].result() + tasks[1].result()) == list(range(100))
    with pytest.raises(RuntimeError):
        condition.notify()
    with pytest.raises(RuntimeError):
        condition.wait()
    with condition:
        assert condition.wait(0.001) is False
        assert lock._is_owned()


def test_in_a_semaphore_and_an_executor():
    lock, total = IntervalLock(), AtomicInt64()
    run_threads(3, lambda _: [take(lock, total.incr) for _ in range(200)])
    assert total == 600
