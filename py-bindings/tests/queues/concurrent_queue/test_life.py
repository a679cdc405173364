"""ConcurrentQueue: when its items die."""

import gc
import sys
import weakref

import pytest
from ft_utils.concurrency import ConcurrentQueue, Full, ShutDown
from helpers.objects import Thing

from queues.contents import drained

from .shared import filled


def test_items_die_promptly():
    thing = Thing()
    reference = weakref.ref(thing)
    q = filled([thing, thing], maxsize=2)
    with pytest.raises(Full):
        q.push(thing, 0)
    with pytest.raises(Full):
        q.push(Thing(), 0.001)
    del thing
    q.peek(), q.pop(), q.pop_many(1)
    assert reference() is None
    q.push(Thing())
    reference = weakref.ref(q.peek())
    assert reference() is not None
    del q
    assert reference() is None


def test_death_may_use_the_queue():
    q = ConcurrentQueue()
    heard = []

    def at_death():
        heard.append(q.size())
        try:
            q.push("from the dead")
        except ShutDown:
            heard.append("shut down")

    q.push(Thing(at_death))
    q.pop()
    assert heard == [0]
    assert q.pop() == "from the dead"
    q.push(Thing(at_death))
    q.shutdown(immediate=True)
    assert heard == [0, 0, "shut down"]


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    item = object()
    q = ConcurrentQueue(maxsize=100)

    def work():
        q.push(item), q.push_many([item] * 70), q.peek(), q.try_push(item)
        q.pop(), q.try_pop(), q.pop_many(5), q.pop_many(100)
        handle = q.handle()
        handle.push(item)
        next(iter(handle))
        q.push_many([item] * 100)
        for call in (lambda: q.push(item, 0), lambda: q.push_many([item], 0.0001)):
            with pytest.raises(Full):
                call()
        assert len(drained(q)) == 100
        closed = filled([item] * 70)
        closed.shutdown(True)
        dropped = filled([item] * 70)
        with pytest.raises(ShutDown):
            closed.push(item)
        with pytest.raises(ShutDown):
            closed.push_many([item])
        del dropped

    work()
    gc.collect()
    before = sys.getrefcount(item)
    for _ in range(50):
        work()
    gc.collect()
    assert sys.getrefcount(item) == before
