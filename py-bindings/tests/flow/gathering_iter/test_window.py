"""ConcurrentGatheringIterator: producers that wait for room."""

import gc
import weakref

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator, ShutDown
from helpers.objects import Thing
from helpers.threads import Task, run_threads


def test_window():
    g = ConcurrentGatheringIterator(window=2)
    g.insert(1, "b"), g.insert(0, "a")
    for key in (2, 3, 2**62):
        with pytest.raises(TimeoutError):
            g.insert(key, "c", 0)
        with pytest.raises(TimeoutError):
            g.insert(key, "c", timeout=0.001)
    assert list(g.iterator(1, clear=False)) == ["a", "b"]
    with pytest.raises(TimeoutError):
        g.insert(2, "c", 0)
    iterator = g.iterator(9)
    assert next(iterator) == "a"
    g.insert(2, "c", 0)
    with pytest.raises(TimeoutError):
        g.insert(3, "d", 0)
    assert g.size() == 2
    assert next(iterator) == "b"
    g.insert(3, "d", 0)
    g.insert(0, "again", 0)
    iterator.close()
    # Begins at 0 again.
    with pytest.raises(TimeoutError):
        g.insert(2, "c", 0)
    assert g.failure is None


def test_producers_that_wait_for_room():
    g = ConcurrentGatheringIterator(window=1)
    tasks = [Task(g.insert, key, key).until_asleep() for key in (3, 1, 2)]
    assert not any(task.is_done() for task in tasks)
    g.insert(0, 0)
    assert list(g.iterator(3)) == [0, 1, 2, 3]
    for task in tasks:
        assert task.result() is None


def test_end_wakes_producers():
    for end, kind in [
        (lambda g: g.close(), ShutDown),
        (lambda g: g.fail(LookupError()), RuntimeError),
    ]:
        g = ConcurrentGatheringIterator(window=1)
        things = [Thing(), Thing()]
        references = [weakref.ref(thing) for thing in things]
        tasks = [Task(g.insert, n + 5, thing, n or None) for n, thing in enumerate(things)]
        tasks[0].until_asleep()
        end(g)
        with pytest.raises(kind) as caught:
            tasks[0].result()
        if kind is RuntimeError:
            assert isinstance(caught.value.__cause__, LookupError)
        with pytest.raises((kind, TimeoutError)):
            tasks[1].result()
        with pytest.raises(kind):
            g.insert(1, 1, 0)
        del things, tasks, caught
        gc.collect()
        assert [reference() for reference in references] == [None, None]


def test_memory_stays_bounded():
    g = ConcurrentGatheringIterator(window=10)
    most = 0

    def work(index):
        nonlocal most
        if index:
            for key in range(index - 1, 2000, 3):
                g.insert(key, key)
            return None
        values = []
        for value in g.iterator(1999):
            most = max(most, g.size())
            values.append(value)
        return values

    assert run_threads(4, work)[0] == list(range(2000))
    assert 1 <= most <= 10
