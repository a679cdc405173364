"""ConcurrentQueue: pushes, pops and shutdowns that wake other threads."""

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentQueue, Empty, Full, ShutDown
from helpers.objects import Thing
from helpers.threads import Task, run_threads

from queues.contents import drained
from queues.kinds import BOTH_WAYS

from .shared import ROUNDS, filled


@BOTH_WAYS
def test_push_wakes_a_pop(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    waiters = [Task(q.pop) for _ in range(3)]
    if not lock_free:
        for waiter in waiters:
            waiter.until_asleep()
    assert q.size() == 0
    q.push_many("abc")
    assert sorted(waiter.result() for waiter in waiters) == ["a", "b", "c"]
    assert q.empty()


@BOTH_WAYS
def test_pop_wakes_a_push(lock_free):
    q = filled("ab", maxsize=2, lock_free=lock_free)
    waiters = [Task(q.push, item).until_asleep() for item in "cd"]
    waiters.append(Task(q.push_many, "ef").until_asleep())
    assert q.size() == 2
    popped = [q.pop(30) for _ in range(6)]
    for waiter in waiters:
        waiter.result()
    assert popped[:2] == ["a", "b"]
    assert sorted(popped) == list("abcdef")
    assert popped.index("e") < popped.index("f")


@BOTH_WAYS
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_wakes_everyone(lock_free, immediate):
    empty = ConcurrentQueue(lock_free=lock_free)
    full = filled("a", lock_free=lock_free, maxsize=1)
    pops = [
        Task(empty.pop),
        Task(empty.pop, 1000),
        Task(empty.pop_many, 5),
        Task(empty.handle().pop),
    ]
    iteration = Task(list, empty)
    pushes = [Task(full.push, 1), Task(full.push_many, [1, 2], 1000)]
    for task in [*pops, iteration, *pushes]:
        task.until_asleep()
    empty.shutdown(immediate)
    full.shutdown(immediate)
    for task in pops + pushes:
        with pytest.raises(ShutDown):
            task.result()
    assert iteration.result() == []
    assert drained(full) == ([] if immediate else ["a"])


@BOTH_WAYS
def test_push_then_shutdown_loses_nothing(lock_free):
    for _ in range(40):
        q = ConcurrentQueue(lock_free=lock_free)
        waiter = Task(q.pop).until_asleep()
        q.push("item")
        q.shutdown()
        assert waiter.result() == "item"


@BOTH_WAYS
def test_order_survives_timeouts(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    for _ in range(30):
        with pytest.raises(Empty):
            q.pop(0.0005)
        waiter = Task(q.pop).until_asleep()
        q.push("first")
        assert waiter.result() == "first"
        q.push_many(["second", "third"])
        assert [q.pop(), q.pop()] == ["second", "third"]


def test_shutdown_among_pushes():
    # Few things: CPython lets those that another thread drops die in the thread that made them, one
    # inside the other, and soon comes to the limit of recursion.
    things = 50
    for immediate in (False, True) * 20:
        q, made, dropped = ConcurrentQueue(), AtomicInt64(), AtomicInt64()

        def work(index, q=q, made=made, dropped=dropped, immediate=immediate):
            if index == 0:
                while made < things:
                    pass
                q.shutdown(immediate)
                return
            try:
                for _ in range(things):
                    made.incr()
                    q.push(Thing(dropped.incr))
                while True:
                    q.push(None)
            except ShutDown:
                pass

        run_threads(3, work)
        left = [thing for thing in drained(q) if thing]
        assert made - dropped == len(left)
        if immediate:
            assert left == []


def test_short_timeouts_among_threads():
    q = ConcurrentQueue(maxsize=4)

    def work(index):
        done = []
        for n in range(ROUNDS // 3):
            try:
                if index % 2:
                    q.push((index, n), 0.0002)
                    done.append((index, n))
                else:
                    done.append(q.pop(0.0002))
            except (Empty, Full):
                pass
        return done

    results = run_threads(4, work)
    assert sorted(results[0] + results[2] + drained(q)) == sorted(results[1] + results[3])
