"""ConcurrentQueue: what the garbage collector does with it."""

import gc
import sys
import threading
import weakref

import pytest
from ft_utils.concurrency import ConcurrentQueue, Empty
from helpers.objects import Thing, collected
from helpers.threads import Task

from queues.contents import drained
from queues.kinds import BOTH_WAYS

from .shared import Mine, filled

TIES = {
    "item": lambda q: q.push(q),
    "list": lambda q: q.push_many([[q]] * 70),
    "handle": lambda q: q.push(q.handle()),
    "handle's handle": lambda q: q.handle().push(q.handle().handle()),
    "iterator": lambda q: q.push(iter(q)),
    "attribute": lambda q: setattr(q, "itself", q),
    "attribute of a handle": lambda q: (handle := q.handle()).push(handle),
}


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [ConcurrentQueue, Mine])
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    q = kind()
    q.push(Thing())
    reference = weakref.ref(q.peek())
    tie(q)
    del q
    assert reference() is not None
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handle_attributes_are_collected():
    q = ConcurrentQueue()
    handle = q.handle()
    handle.itself, handle.thing = handle, Thing()
    reference = weakref.ref(handle.thing)
    del handle
    assert collected(reference)
    q.push(1)
    assert q.pop() == 1


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handles_survive_their_owner():
    q = filled([Thing()])
    q.push(q)
    reference = weakref.ref(q.peek())
    handle = q.handle()
    del q
    gc.collect()
    assert isinstance(handle.peek(), Thing)
    del handle
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    q = ConcurrentQueue()
    handles = [q.handle() for _ in range(5)]
    for n in range(300):
        q.push([Thing(), q, handles[n % 5]])
    for n in range(300):
        if n % 50 == 0:
            gc.collect()
        thing, queue, handle = q.pop()
        assert isinstance(thing, Thing)
        assert queue is q
        assert handle is handles[n % 5]
    assert gc.is_tracked(q)


@pytest.mark.thread_unsafe(reason="runs the collector")
@BOTH_WAYS
def test_collector_while_threads_work(lock_free):
    q, stop = ConcurrentQueue(lock_free=lock_free, maxsize=100), threading.Event()

    def work(mine):
        while not stop.is_set():
            mine.push_many([[Thing(), mine] for _ in range(10)])
            mine.push([iter(mine)])
            mine.peek()
            for item in mine.pop_many(10):
                assert len(item) in (1, 2)
            mine.pop()

    tasks = [Task(work, q.handle()) for _ in range(2)]
    waiter = Task(ConcurrentQueue().pop, 0.5)
    try:
        for _ in range(40):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    with pytest.raises(Empty):
        waiter.result()
    assert all(sys.getrefcount(item) < 20 for item in drained(q))
    thing = Thing()
    reference = weakref.ref(thing)
    q.push_many([thing, q])
    del thing, tasks, task, q
    assert collected(reference)
