"""ConcurrentGatheringIterator: reference counts, and what the garbage collector does with it."""

import gc
import sys
import threading
import weakref
from contextlib import suppress

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator, ShutDown
from helpers.objects import Thing, collected
from helpers.programs import run_python
from helpers.threads import Task

from .shared import Mine, add_own_failure, available, filled, read


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    value, key, error = object(), "key", LookupError()

    def work():
        g = ConcurrentGatheringIterator(window=4)
        for n in range(4):
            g.insert(n, value), g.insert(n, value)
        for _ in (g.iterator(3, False), g.iterator_local(3, False)):
            list(_)
        for timeout in (0, 0.0001):
            with pytest.raises(TimeoutError):
                g.insert(4, value, timeout)
        iterator = g.iterator(9, timeout=0)
        assert len(available(iterator)) == 4
        g.insert(key, value), g.insert(-1, value)
        g.fail(error), g.fail(error), g.clear_failure(), g.fail(error)
        read(iterator), read(g.iterator(3))
        g.handle().insert(0, value)
        closed = filled([value])
        closed.close()
        with pytest.raises(ShutDown):
            closed.insert(1, value)

    work()
    gc.collect()
    before = [sys.getrefcount(one) for one in (value, key, error)]
    for _ in range(50):
        work()
    gc.collect()
    assert [sys.getrefcount(one) for one in (value, key, error)] == before


TIES = {
    "value": lambda g: g.insert(1, g),
    "values": lambda g: [g.insert(n, [g]) for n in range(1, 70)],
    "handle": lambda g: g.insert(1, g.handle()),
    "handle's handle": lambda g: g.handle().insert(1, g.handle().handle()),
    "iterator": lambda g: g.insert(1, g.iterator(5)),
    "used iterator": lambda g: g.insert(1, [it := g.iterator_local(5, False, 0), next(it)]),
    "attribute": lambda g: setattr(g, "itself", g),
    "failure": lambda g: g.fail(LookupError(g)),
    "own failure": add_own_failure,
}


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [ConcurrentGatheringIterator, Mine])
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    g = kind()
    thing = Thing()
    g.insert(0, thing)
    reference = weakref.ref(thing)
    tie(g)
    del g, thing
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    g = ConcurrentGatheringIterator()
    handles = [g.handle() for _ in range(5)]
    for n in range(300):
        g.insert(n, [Thing(), g, handles[n % 5]])
    error = LookupError(g)
    g.fail(error)
    for n, value in enumerate(g.iterator(299)):
        if n % 50 == 0:
            gc.collect()
        thing, one, handle = value
        assert isinstance(thing, Thing)
        assert one is g
        assert handle is handles[n % 5]
    assert g.failure is error
    assert gc.is_tracked(g)


def test_collector_meets_objects_in_the_making():
    run_python(
        "import gc\n"
        "from ft_utils import ConcurrentGatheringIterator as G\n"
        "class M(G): pass\n"
        "gc.set_threshold(1)\n"
        "for make in G, G().handle, M, M().handle, lambda: G().iterator(3):\n"
        "    made = [make() for _ in range(500)]\n"
    )


@pytest.mark.parametrize("nest", ["y.insert(0, x)", "y.insert(0, [x])", "y.own = x"])
def test_deep_nesting(nest):
    run_python(
        "from ft_utils import ConcurrentGatheringIterator as G\n"
        "x = None\n"
        f"for _ in range(1000): y = G(1); {nest}; x = y\n"
        "del x, y\n"
    )


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    g, stop = ConcurrentGatheringIterator(window=100), threading.Event()

    def work(mine):
        key = 0
        while not stop.is_set():
            with suppress(TimeoutError):
                mine.insert(key % 150, [Thing(), mine, mine.iterator(3)], 0.001)
            key += 1
            if key % 50 == 0:
                available(mine.iterator(150, timeout=0))

    tasks = [Task(work, g.handle()) for _ in range(2)]
    waiter = Task(available, ConcurrentGatheringIterator().iterator(0, timeout=0.5))
    try:
        for _ in range(40):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    assert waiter.result() == []
    thing = Thing()
    reference = weakref.ref(thing)
    g.insert(0, [thing, g])
    del thing, tasks, task, g
    assert collected(reference)
