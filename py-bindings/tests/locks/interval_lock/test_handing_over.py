"""IntervalLock: cede() and poll() let other threads have the lock."""

import math
import time
from itertools import pairwise

import pytest
from ft_utils.synchronization import IntervalLock
from helpers.threads import Task, run_threads, wait_until

from .shared import NEVER, take, waiting


def test_cede_lets_all_others_in():
    lock, order = IntervalLock(NEVER), []
    lock.lock()
    tasks = [waiting(lock, take, lock, lambda n=n: order.append(n)) for n in range(5)]
    assert lock.waiters == 5
    assert lock.cede() is None
    # In the order in which they came, all before us.
    assert order == [0, 1, 2, 3, 4]
    assert lock._is_owned()
    assert lock.waiters == 0
    lock.unlock()
    for task in tasks:
        task.result()


def test_unlock_and_lock_does_not_overtake():
    lock, order = IntervalLock(), []
    lock.lock()
    tasks = [waiting(lock, take, lock, lambda n=n: order.append(n)) for n in range(3)]
    lock.unlock()
    lock.lock()
    assert order == [0, 1, 2]
    lock.unlock()
    for task in tasks:
        task.result()


@pytest.mark.parametrize("interval", [NEVER, math.inf, 1e300])
def test_poll_before_the_interval(interval):
    lock = IntervalLock(interval)
    lock.lock()
    task = waiting(lock, take, lock)
    for _ in range(1000):
        lock.poll()
    assert lock.waiters == 1
    # A new interval holds at once.
    lock.interval = 0
    assert lock.poll() is None
    assert lock.waiters == 0
    lock.unlock()
    task.result()


def test_poll_after_the_interval():
    lock, times = IntervalLock(0.05), []
    start = time.monotonic()
    lock.lock()
    task = waiting(lock, take, lock, lambda: times.append(time.monotonic()))
    while not times:
        assert lock.waiters == 1
        lock.poll()
    assert times[0] - start >= 0.05
    lock.unlock()
    task.result()


def test_time_counts_from_taking_the_lock():
    lock = IntervalLock(0.02)
    lock.lock()
    time.sleep(0.03)
    task = waiting(lock, take, lock)
    lock.poll()
    assert lock.waiters == 0
    lock.unlock()
    task.result()


def test_cede_restarts_the_interval():
    lock = IntervalLock(NEVER)
    lock.lock()
    task = waiting(lock, take, lock)
    lock.cede()
    task.result()
    other = waiting(lock, take, lock)
    lock.poll()
    assert lock.waiters == 1
    lock.unlock()
    other.result()


def test_polls_take_turns():
    lock, turns = IntervalLock(0), []

    def work(index):
        with lock:
            # Until the other one has come as well, and has not gone.
            while len(set(turns)) < 2 or len(turns) < 50:
                turns.append(index)
                lock.poll()

    run_threads(2, work)
    both = turns[turns.index(1 - turns[0]) :]
    # No thread has two turns while the other one waits.
    assert all(one != other for one, other in pairwise(both))


def test_waiter_that_gives_up_keeps_nobody_waiting():
    lock = IntervalLock()
    lock.lock()
    gives_up = Task(lock.acquire, True, 0.1)
    # On a slow machine it may be gone before we see it wait, here and below. Mostly both wait.
    wait_until(lambda: lock.waiters == 1 or gives_up.is_done())
    stays = Task(take, lock)
    wait_until(lambda: lock.waiters == 2 or gives_up.is_done())
    assert gives_up.result() is False
    wait_until(lambda: lock.waiters == 1)
    lock.unlock()
    stays.result()
    assert not lock.locked()
