"""map_ordered(): the order of results, and the number of calls at a time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice

import pytest
from ft_utils.concurrency import map_ordered
from helpers.threads import Task, wait_until

from .shared import Drawn, Immediate, Manual, square


def test_order_is_that_of_the_items():
    executor = Manual()
    task = Task(list, map_ordered(executor, square, range(5), 5))
    wait_until(lambda: len(executor.calls) == 5)
    for index in (4, 2, 0, 3, 1):
        executor.run(index)
    assert task.result() == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("window", [1, 2, 7])
def test_window_is_never_exceeded(window):
    items, executor = Drawn(), Manual()
    results = map_ordered(executor, square, items, window)
    for n in range(20):
        # All calls under way, except the first, are done but cannot be read yet.
        task = Task(next, results)
        wait_until(lambda n=n: len(executor.calls) == n + window)
        for index in range(n + window - 1, n - 1, -1):
            if not executor.calls[index][0].done():
                executor.run(index)
        assert task.result() == n * n
        assert items.count == n + window
    results.close()


def test_infinite_items():
    with ThreadPoolExecutor(3) as executor:
        results = map_ordered(executor, square, count())
        assert list(islice(results, 500)) == [n * n for n in range(500)]
        results.close()


def test_default_window():
    items = Drawn()
    results = map_ordered(Immediate(), square, items)
    next(results)
    assert items.count == 64
    results.close()
