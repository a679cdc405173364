"""ConcurrentGatheringIterator: inserts and ends that wake readers."""

import os
import time
from contextlib import suppress

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator, ShutDown
from helpers.threads import Task, flat, run_threads

from .shared import COUNT, add_own_failure, available, filled, read


def test_insert_wakes_whoever_waits_for_it():
    g = ConcurrentGatheringIterator()
    tasks = [Task(list, g.iterator(n, clear=False)).until_asleep() for n in range(3)]
    for key in (2, 1):
        g.insert(key, key)
    assert not any(task.is_done() for task in tasks)
    g.insert(0, 0)
    assert [task.result() for task in tasks] == [[0], [0, 1], [0, 1, 2]]


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="no /proc")
def test_waiting_takes_no_time():
    # The reference looks 100 times a second, and is woken by every insertion.
    g = ConcurrentGatheringIterator()
    task = Task(list, g.iterator(0)).until_asleep()
    status = f"/proc/self/task/{task._thread.native_id}/status"

    def switches():
        with open(status) as file:
            return next(line for line in file if line.startswith("voluntary"))

    before = switches()
    for key in range(1, 1000):
        g.insert(key, key)
    time.sleep(0.2)
    # On a GIL build too: it does not wait for the GIL.
    assert switches() == before
    g.insert(0, 0)
    assert task.result() == [0]


def test_end_wakes_readers():
    for end, kind in [
        (lambda g: g.close(), type(None)),
        (lambda g: g.fail(LookupError()), RuntimeError),
        (add_own_failure, RuntimeError),
    ]:
        g = filled("a")
        iterators = [
            g.iterator(5, False),
            g.iterator(5, False, 1000),
            g.iterator_local(5, False),
            g.handle().iterator(5, False),
        ]
        tasks = [Task(read, iterator).until_asleep() for iterator in iterators]
        end(g)
        for task in tasks:
            values, error = task.result()
            assert values == ["a"]
            assert type(error) is kind


def test_value_and_end_at_once():
    # A value that was inserted before the end is read before the end.
    for _ in range(50):
        g = ConcurrentGatheringIterator()
        tasks = [Task(read, g.iterator(5, False)) for _ in range(2)]
        g.insert(0, "a")
        g.fail(LookupError())
        for task in tasks:
            values, error = task.result()
            assert values == ["a"]
            assert isinstance(error, RuntimeError)


def test_closing_an_iterator_wakes_its_threads():
    g = ConcurrentGatheringIterator()
    iterator = g.iterator(5)
    tasks = [Task(list, iterator).until_asleep() for _ in range(2)]
    iterator.close()
    assert [task.result() for task in tasks] == [[], []]


def test_short_timeouts_among_threads():
    g = ConcurrentGatheringIterator(window=3)

    def work(index):
        if index < 2:
            for key in range(index, COUNT, 2):
                while True:
                    try:
                        g.insert(key, key, 0.0002)
                        break
                    except TimeoutError:
                        pass
            return []
        values, iterator = [], iterators[index - 2]
        while True:
            try:
                for value in iterator:
                    values.append(value)
            except TimeoutError:
                continue
            return values

    iterators = [g.iterator(COUNT - 1, timeout=0.0002) for _ in range(2)]
    assert [available(iterator) for iterator in iterators] == [[], []]
    results = run_threads(4, work)
    assert sorted(flat(results)) == list(range(COUNT))


def test_insert_among_closes():
    for _ in range(100):
        g, done = ConcurrentGatheringIterator(), []

        def work(index, g=g, done=done):
            if index == 0:
                g.close()
                return []
            if index == 1:
                return list(g.iterator(9))
            with suppress(ShutDown):
                for key in range(10):
                    g.insert(key, key)
                    done.append(key)
            return []

        values = run_threads(3, work)[1]
        assert values == done
        assert g.size() == 0
