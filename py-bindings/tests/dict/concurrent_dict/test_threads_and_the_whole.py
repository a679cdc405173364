"""ConcurrentDict: clear(), update() and the collector, among threads that write."""

import gc
import sys
import threading
import weakref

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict
from helpers.objects import Thing, collected
from helpers.threads import Task, run_threads, wait_until

from .shared import ROUNDS, THREADS, Key


def test_clear_while_others_write():
    d, alive = ConcurrentDict(4), AtomicInt64()

    def work(index):
        for n in range(ROUNDS // 2):
            alive.incr()
            d[n % 50] = Thing(alive.decr)
            if index == 0 and n % 10 == 0:
                d.clear()

    run_threads(THREADS, work)
    d.clear()
    assert not d
    wait_until(lambda: alive == 0)


def test_source_that_others_write():
    source, stop = {}, threading.Event()

    def churn_plain():
        n = 0
        while not stop.is_set():
            n += 1
            source[n % 1000] = n

    writer = Task(churn_plain)
    try:
        for _ in range(50):
            d = ConcurrentDict(dictionary=source)
            assert len(d) <= 1000
    finally:
        stop.set()
    writer.result()


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    d, stop = ConcurrentDict(4), threading.Event()

    def work(mine):
        n = 0
        while not stop.is_set():
            n += 1
            mine[Key(n % 60, hash=n % 7)] = [mine, Thing()]
            mine.get_or_insert(n % 50, lambda: [iter(mine)])
            mine.pop(Key((n * 7) % 60, hash=(n * 7) % 7), None)
            mine.add("count")
            if n % 100 == 0:
                mine.clear()
            for _ in zip(range(3), mine, strict=False):
                pass

    tasks = [Task(work, d.handle()) for _ in range(2)]
    try:
        for _ in range(30):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    lists = [value for value in d.values() if isinstance(value, list)]
    assert all(sys.getrefcount(value) < 100 for value in lists)
    del lists
    thing = Thing()
    reference = weakref.ref(thing)
    d["thing"] = thing
    del thing, tasks, task, d
    assert collected(reference)


def test_contents_of_many_dicts():
    def work(index):
        for _ in range(200):
            d = ConcurrentDict(dictionary={n: [n] for n in range(20)})
            handle = d.handle()
            del d
            handle[index] = handle
            handle.clear()
            handle.update(zip("abc", [handle] * 3, strict=True))
            handle.clear()
        return True

    assert all(run_threads(THREADS, work))
