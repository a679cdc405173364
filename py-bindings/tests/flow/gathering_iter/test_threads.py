"""ConcurrentGatheringIterator: many producers and readers."""

import time
from itertools import islice

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator, ConcurrentQueue
from helpers.threads import Task, flat, run_threads

from .shared import COUNT, available, filled


def produce(g, first, step, count=COUNT):
    for key in range(first, count, step):
        g.insert(key, key)


@pytest.mark.parametrize("window", [None, 1, 5])
@pytest.mark.parametrize("clear", [True, False])
def test_one_reader(window, clear):
    if window and not clear:
        pytest.skip("only clearing makes room")
    g = ConcurrentGatheringIterator(window=window)

    def work(index):
        mine = g.handle()
        return list(mine.iterator(COUNT - 1, clear)) if index == 3 else produce(mine, index, 3)

    assert run_threads(4, work)[3] == list(range(COUNT))
    assert g.size() == (0 if clear else COUNT)


def test_many_readers_see_all():
    g = ConcurrentGatheringIterator()

    def work(index):
        return list(g.iterator(COUNT - 1, False)) if index else produce(g, 0, 1)

    assert run_threads(4, work)[1:] == [list(range(COUNT))] * 3


@pytest.mark.parametrize("window", [None, 3])
def test_clearing_readers_share(window):
    for _ in range(5):
        g = ConcurrentGatheringIterator(window=window)
        # In progress before anything is there.
        iterators = [g.iterator(COUNT - 1, timeout=0) for _ in range(2)]
        assert [available(iterator) for iterator in iterators] == [[], []]

        def work(index, g=g, iterators=iterators):
            if index < 2:
                return produce(g, index, 2)
            values = []
            while True:
                try:
                    for value in iterators[index - 2]:
                        values.append(value)
                except TimeoutError:
                    time.sleep(0)
                else:
                    return values

        results = run_threads(4, work)[2:]
        assert all(result == sorted(result) for result in results)
        assert sorted(flat(results)) == list(range(COUNT))
        assert g.size() == 0


def test_clearing_readers_that_wait():
    g = ConcurrentGatheringIterator()
    # The last one is asleep before there is a value, so they are all in progress.
    tasks = [Task(list, g.iterator(COUNT - 1)).until_asleep() for _ in range(3)]
    produce(g, 0, 1)
    results = [task.result() for task in tasks]
    assert all(result == sorted(result) for result in results)
    assert sorted(flat(results)) == list(range(COUNT))


def test_clearing_readers_end_by_closing():
    for _ in range(20):
        g = filled(range(200))
        g.close()
        # Whether or not they are in progress together.
        results = run_threads(3, lambda _, g=g: list(g.iterator(199)))
        assert sorted(flat(results)) == list(range(200))


def test_reader_that_gives_up_leaves_the_rest():
    g = filled(range(10))
    one, other = g.iterator(9), g.iterator(9)
    assert list(islice(one, 3)) == [0, 1, 2]
    assert list(islice(other, 3)) == [3, 4, 5]
    one.close()
    g.insert(0, "new")
    assert list(other) == [6, 7, 8, 9]
    assert list(g.iterator(0)) == ["new"]


def test_abandoned_iterator_is_not_in_progress():
    g = filled("ab")
    iterator = g.iterator(5)
    assert next(iterator) == "a"
    iterator = g.iterator(5, timeout=0)
    # The first one is gone, so key 0 is waited for.
    assert available(iterator) == []
    g.insert(0, "new")
    assert available(iterator) == ["new", "b"]


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize("local", [True, False])
def test_one_iterator_in_many_threads(clear, local):
    g = ConcurrentGatheringIterator()
    iterator = (g.iterator_local if local else g.iterator)(COUNT - 1, clear)

    def work(index):
        return list(iterator) if index else produce(g, 0, 1)

    results = run_threads(4, work)[1:]
    assert all(result == sorted(result) for result in results)
    assert sorted(flat(results)) == list(range(COUNT))


def test_many_short_lives():
    def work(_):
        for n in range(200):
            g = filled([[n]] * (n % 30))
            handle = g.handle()
            iterator = handle.iterator(30)
            del g
            handle.insert(n % 30, handle)
            handle.close()
            assert len(list(iterator)) == n % 30 + 1
        return True

    assert all(run_threads(4, work))


def test_gathering_from_a_queue():
    # The use it is made for.
    todo, done = ConcurrentQueue(), ConcurrentGatheringIterator()
    todo.push_many(enumerate(range(1000)))
    todo.shutdown()

    def work(index):
        if index == 0:
            return list(done.iterator(999))
        for key, item in todo:
            done.insert(key, item * item)
        return None

    assert run_threads(4, work)[0] == [n * n for n in range(1000)]
