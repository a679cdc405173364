"""ConcurrentDict: one iterator that threads use at once."""

import gc
import threading

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.threads import Task, flat, run_threads, wait_until

from .shared import THREADS


# A dictionary of 300 keys is one part, whose keys are all copied by the first step. One of 20,000
# has shards, and each thread may be the one that goes on to the next.
@pytest.mark.parametrize("keys", [0, 300, 20_000])
def test_each_key_is_for_one_thread(keys):
    iterator = iter(ConcurrentDict(4, dict.fromkeys(range(keys))))
    seen = run_threads(THREADS, lambda _: list(iterator))
    assert sorted(flat(seen)) == list(range(keys))
    assert list(iterator) == []


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_among_steps():
    iterators, steps = [None], [0, 0]
    d, stop = ConcurrentDict(4), threading.Event()

    def work(index):
        while not stop.is_set():
            # Only the iterator still has these keys: the dictionary is emptied.
            d.update({f"key {key}": None for key in range(50)})
            iterators[0] = iterator = iter(d)
            next(iterator, None)
            d.clear()
            steps[index] += sum(1 for key in iterators[0] if key.startswith("key "))
            del iterator

    tasks = [Task(work, index) for index in range(2)]
    try:
        for _ in range(20):
            gc.collect()
        wait_until(lambda: (gc.collect(), all(steps))[1])
    finally:
        stop.set()
    for task in tasks:
        task.result()
