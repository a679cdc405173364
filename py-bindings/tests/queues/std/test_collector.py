"""The Std queues: what the garbage collector does with them."""

import gc
import threading
import weakref

import pytest
from ft_utils.concurrency import (
    Empty,
    Full,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)
from helpers.objects import Thing, collected
from helpers.threads import run_threads

from queues.kinds import STD

from .shared import EACH, drained


class MineFifo(StdConcurrentQueue):
    pass


class MineLifo(StdConcurrentLifoQueue):
    pass


class MinePriority(StdConcurrentPriorityQueue):
    pass


EACH_OR_MINE = pytest.mark.parametrize("kind", [*STD, MineFifo, MineLifo, MinePriority])

TIES = {
    "item": lambda q: q.put(q),
    "list": lambda q: q.put([q]),
    "handle": lambda q: q.put(q.handle()),
    "handle's handle": lambda q: q.handle().put(q.handle().handle()),
    "iterator": lambda q: q.put(iter(q)),
    "attribute": lambda q: (q.put(1), setattr(q, "itself", q)),
}


@EACH_OR_MINE
@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    q = kind()
    q.thing = Thing()
    reference = weakref.ref(q.thing)
    tie(q)
    del q
    assert reference() is not None
    assert collected(reference)


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used(kind):
    q = kind()
    handle = q.handle()
    for n in range(50):
        q.put((n, [n]))
        gc.collect()
    reference = weakref.ref(q)
    del q
    gc.collect()
    assert sorted(drained(handle)) == [(n, [n]) for n in range(50)]
    del handle
    assert collected(reference)


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work(kind):
    q, done = kind(20), threading.Event()

    def work(index):
        if index == 0:
            for _ in range(30):
                gc.collect()
            done.set()
            return
        n = 0
        while not done.is_set():
            try:
                if index % 2:
                    q.put((n, index, [n]), timeout=0.001)
                else:
                    n_got, _, content = q.get(timeout=0.001)
                    assert content == [n_got]
            except (Full, Empty):
                pass
            n += 1

    run_threads(4, work)
