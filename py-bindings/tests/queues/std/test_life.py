"""The Std queues: when their items die."""

import gc
import sys

import pytest
from ft_utils.concurrency import Full, ShutDown, StdConcurrentPriorityQueue
from helpers.objects import Thing

from .shared import EACH, Item, drained, filled


@EACH
def test_reference_counts_stay(kind):
    item = (0, object())

    def work():
        q = kind(100)
        handle = q.handle()
        q.put(item), q.put_nowait(item), q.push(item), handle.push_many([item] * 20)
        q.get(), q.get_nowait(), q.pop(), q.pop_many(3), q.peek(), handle.pop_local()
        for call in (lambda: q.push_many([item] * 100, 0), lambda: q.put(item, timeout=0.0001)):
            with pytest.raises(Full):
                call()
        next(iter(handle))
        q.shutdown()
        with pytest.raises(ShutDown):
            q.put(item)
        q.shutdown(True)
        dropped = filled(kind, [item] * 5)
        del dropped

    work()
    gc.collect()
    before = sys.getrefcount(item)
    for _ in range(30):
        work()
    gc.collect()
    assert sys.getrefcount(item) == before


def test_reference_counts_of_compared_items():
    def fail():
        raise LookupError

    items = [Item(n) for n in range(10)]
    bad = Item(-1, fail)
    counts = [sys.getrefcount(item) for item in [*items, bad]]
    for _ in range(20):
        q = filled(StdConcurrentPriorityQueue, items)
        with pytest.raises(LookupError):
            q.put(bad)
        drained(q)
    del q
    gc.collect()
    assert [sys.getrefcount(item) for item in [*items, bad]] == counts


@EACH
def test_items_die_promptly(kind):
    q = kind()
    deaths = []
    q.put(Thing(lambda: deaths.append(1)))
    q.get()
    assert deaths == [1]
    q.put(Thing(lambda: deaths.append(2)))
    q.shutdown(immediate=True)
    assert deaths == [1, 2]
    with pytest.raises(ShutDown):
        q.put(Thing(lambda: deaths.append(3)))
    assert deaths == [1, 2, 3]
    q = kind()
    q.put(Thing(lambda: deaths.append(4)))
    del q
    assert deaths == [1, 2, 3, 4]


@EACH
def test_death_may_use_the_queue(kind):
    q = kind(1)
    seen = []
    thing = Thing(lambda: seen.append((q.qsize(), q.is_shutdown, q.unfinished_tasks)))
    q.put(thing)
    del thing
    q.shutdown(immediate=True)
    assert seen == [(0, True, 0)]
