"""The Std queues: comparisons of items that use the queue or wait."""

import contextlib
import gc
import itertools
import math
import threading

import pytest
from ft_utils.concurrency import Empty, ShutDown, StdConcurrentPriorityQueue
from helpers.objects import Thing
from helpers.threads import Task

from .shared import Item, drained, filled


def test_comparison_may_use_the_queue():
    """The call that compares starts again, on what is there then."""
    q = filled(StdConcurrentPriorityQueue, map(Item, (5, 3, 4, 1, 2)))
    calls = 0

    def compare():
        nonlocal calls
        calls += 1
        if calls == 1:
            q.put(Item(0))
            assert q.qsize() == 6
            assert not q.empty() and not q.full()
        elif calls == 2:
            assert q.get().key == 0
            assert q.get().key == 1
            q.task_done()

    q.put(Item(2.5, compare))
    assert calls > 2
    assert q.unfinished_tasks == 6
    assert [item.key for item in drained(q)] == [2, 2.5, 3, 4, 5]


@pytest.mark.parametrize("use", ["put", "get"])
def test_heap_that_changes_during_a_comparison(use):
    """A place that was found in the heap as it was before is not used."""
    for n_items, at_call in itertools.product(range(2, 12), range(1, 5)):
        q = StdConcurrentPriorityQueue()
        calls, got = 0, []

        def compare(q=q, use=use, at_call=at_call, got=got):
            nonlocal calls
            calls += 1
            if calls == at_call:
                for n in range(5):
                    q.put(Item(-n)) if use == "put" else got.append(q.get_nowait().key)

        before = [Item(n, compare) for n in range(n_items, 0, -1)]
        calls = 100
        for item in before:
            q.put(item)
        calls = 0
        # It ends as well as if the calls within had come before.
        with contextlib.suppress(Empty):
            q.put(Item(0.5, compare))
            calls = 0
            got.append(q.get_nowait().key)
        calls = 100
        rest = [item.key for item in drained(q)]
        assert rest == sorted(rest)
        assert q.unfinished_tasks == len(got) + len(rest)


def test_same_object_in_tuples_is_equal():
    """Even if it is not equal to itself, or not comparable."""
    for same in (math.nan, object()):
        q = filled(StdConcurrentPriorityQueue, [(same, n) for n in (3, 1, 2)])
        assert [q.get()[1] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("immediate", [False, True])
def test_comparison_may_shut_down(immediate):
    q = filled(StdConcurrentPriorityQueue, [Item(n) for n in range(5)])
    with pytest.raises(ShutDown):
        q.put(Item(-1, lambda: q.shutdown(immediate)))
    assert q.qsize() == q.unfinished_tasks == (0 if immediate else 5)
    assert [item.key for item in drained(q)] == ([] if immediate else list(range(5)))


def test_comparison_may_wait_for_others():
    """A thread that compares keeps others from putting and getting, and from nothing else."""
    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)])
    inside, go_on = threading.Event(), threading.Event()

    def compare():
        inside.set()
        assert go_on.wait(30)

    slow = Task(q.put, Item(0, compare))
    assert inside.wait(30)
    others = [Task(q.put, Item(3)), Task(q.get_nowait), Task(q.put_nowait, Item(4))]
    for other in others:
        assert not other.until_asleep().is_done()
    # None of these calls waits.
    assert (q.qsize(), q.empty(), q.full(), q.is_shutdown) == (2, False, False, False)
    assert q.peek().key == 1
    assert repr(q).startswith("<StdConcurrentPriorityQueue with 2")
    q.task_done()
    gc.collect()
    go_on.set()
    slow.result()
    for other in others:
        other.result()
    keys = [item.key for item in drained(q)]
    # The get came at some moment after the slow put.
    assert others[1].result().key == 0
    assert keys == [1, 2, 3, 4]


def test_shutdown_does_not_wait_for_a_comparison():
    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)])
    inside, go_on = threading.Event(), threading.Event()

    def compare():
        inside.set()
        assert go_on.wait(30)

    slow = Task(q.put, Item(0, compare))
    assert inside.wait(30)
    q.shutdown(immediate=True)
    q.join()
    go_on.set()
    with pytest.raises(ShutDown):
        slow.result()
    assert q.qsize() == q.unfinished_tasks == 0


def test_death_during_a_comparison_may_use_the_queue():
    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)])
    lives = [Thing(lambda: q.put(Item(5)))]
    q.put(Item(0, lives.clear))
    assert [item.key for item in drained(q)] == [0, 1, 2, 5]
