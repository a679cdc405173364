"""ThreadGroup: the waits that a stop ends, and those that it does not."""

import pytest
from ft_utils import (
    AtomicInt64,
    ConcurrentQueue,
    Condition,
    Empty,
    Event,
    IntervalLock,
    Lock,
    RateLimiter,
    RWLock,
    Stopped,
    ThreadGroup,
)
from helpers.limits import LONG
from helpers.threads import Task
from helpers.waits import WAITS

from .shared import sleep_on, until_all_sleep

pytestmark = pytest.mark.thread_unsafe(reason="starts threads")


def make(wait):
    o = wait.made()
    return o, wait.function(wait.call)


def release(wait, o):
    wait.function(wait.release)(o)


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: f"{wait.kind} {wait.call}")
def test_every_wait_ends(wait):
    o, call = make(wait)
    with ThreadGroup() as group:
        thread = group.start(call, o)
        until_all_sleep(group)
        group.stop()
    with pytest.raises(Stopped):
        thread.result()
    release(wait, o)


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: f"{wait.kind} {wait.call}")
def test_every_wait_goes_on_in_a_shield(wait):
    o, call = make(wait)

    def shielded():
        with ThreadGroup.shield():
            entered.set()
            try:
                call(o)
            except Stopped:
                return "stopped"
            except Exception:
                pass
            return "went on"

    entered = Event()
    with ThreadGroup() as group:
        thread = group.start(shielded)
        entered.wait()
        until_all_sleep(group)
        group.stop()
        assert not thread.done()
        release(wait, o)
    assert thread.result() == "went on"


class Subclass(Lock):
    """Is not used past its methods."""


@pytest.mark.parametrize("lock", [Lock, IntervalLock, Subclass])
def test_a_condition_takes_its_lock_again(lock):
    condition, held = Condition(lock()), []

    def wait():
        with condition:
            try:
                condition.wait()
            finally:
                held.append(condition.locked())

    with ThreadGroup() as group:
        thread = group.start(wait)
        until_all_sleep(group)
        with condition:
            group.stop()
            # It sleeps for the lock now, and does not ask again and again.
            until_all_sleep(group)
            assert not held
    with pytest.raises(Stopped):
        thread.result()
    assert held == [True]
    assert not condition.locked()


def test_stopped_is_no_exception():
    assert issubclass(Stopped, BaseException) and not issubclass(Stopped, Exception)
    assert Stopped.__module__ == "ft_utils.concurrency"


def test_no_wait_is_needed():
    """What need not wait is done although the group has stopped."""
    queue, lock = ConcurrentQueue(), RWLock()
    queue.push_many(range(3))

    def work():
        assert group.stopping.wait()
        with lock.write():
            queue.push(queue.pop())
        with pytest.raises(Empty):
            ConcurrentQueue().pop(0)
        assert not Event().wait(0)
        limiter = RateLimiter(0.001)
        assert limiter.acquire()
        assert not limiter.acquire(timeout=0)
        with pytest.raises(Stopped):
            limiter.acquire()
        return "done"

    with ThreadGroup() as group:
        thread = group.start(work)
        group.stop()
    assert thread.result() == "done"


def test_each_wait_ends():
    """A thread that catches Stopped and goes on is told again."""
    caught = AtomicInt64()

    def work():
        for _ in range(5):
            try:
                sleep_on()
            except Stopped:
                caught.incr()

    with ThreadGroup() as group:
        group.start(work)
        group.stop()
    assert caught == 5


def test_others_wait_on():
    """Threads outside of the group are not stopped, nor is the thread of the block after it."""
    queue = ConcurrentQueue()
    outside = Task(queue.pop).until_asleep()
    with ThreadGroup() as group:
        inside = [group.start(queue.pop) for _ in range(3)]
        until_all_sleep(group)
        group.stop()
    assert not outside.is_done()
    queue.push(1)
    assert outside.result() == 1
    assert all(thread.done() for thread in inside)
    assert not Event().wait(0.001)


def test_a_waiter_that_leaves_passes_on():
    """A stop takes no item with it, and no turn."""
    queue, lock = ConcurrentQueue(), RWLock()
    lock.lock_read()
    with ThreadGroup() as group:
        group.start(queue.pop)
        group.start(lock.lock_write)
        until_all_sleep(group)
        reader = Task(lambda: lock.acquire_read(timeout=LONG) and lock.unlock_read()).until_asleep()
        popped = Task(queue.pop).until_asleep()
        group.stop()
    reader.result()
    queue.push(1)
    assert popped.result() == 1
    lock.unlock_read()
    with lock.write():
        pass


def test_items_are_not_lost():
    queue = ConcurrentQueue()
    taken = AtomicInt64()

    def consume():
        for _ in queue:
            taken.incr()

    for _ in range(30):
        with ThreadGroup() as group:
            for _ in range(4):
                group.start(consume)
            queue.push_many(range(50))
            group.stop()
    left = len(queue.drain())
    assert taken + left == 30 * 50


def test_shields_within_shields():
    with ThreadGroup() as group:
        group.stop()
        with ThreadGroup.shield():
            with group.shield():
                assert not Event().wait(0.001)
            assert not Event().wait(0.001)
        with pytest.raises(Stopped):
            Event().wait(0.001)
