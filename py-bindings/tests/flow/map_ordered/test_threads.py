"""map_ordered(): threads that share the results."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from ft_utils.concurrency import map_ordered
from helpers.limits import LONG
from helpers.threads import Task, run_threads, wait_until

from .shared import Drawn, Immediate, Manual, inverse, square


@pytest.mark.parametrize("window", [1, 3, 100])
def test_threads_share_the_results(window):
    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, square, range(300), window)
        parts = run_threads(4, lambda index: list(results))
    # Each result once, and in order wherever it goes.
    assert all(part == sorted(part) for part in parts)
    assert sorted(chain(*parts)) == [n * n for n in range(300)]


def test_threads_share_a_window():
    items, executor = Drawn(), Manual()
    results = map_ordered(executor, square, items, 2)
    tasks = [Task(next, results).until_asleep() for _ in range(3)]
    assert items.count == 2
    for index in range(3):
        wait_until(lambda index=index: len(executor.calls) > index)
        executor.run(index)
    assert sorted(task.result() for task in tasks) == [0, 1, 4]
    results.close()


def test_items_are_drawn_by_one_thread_at_a_time():
    def items():
        # A generator that two threads are in at once raises a ValueError.
        yield from range(500)

    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, square, items(), 2)
        parts = run_threads(4, lambda index: list(results))
    assert sorted(chain(*parts)) == [n * n for n in range(500)]


def test_failure_ends_it_for_all_threads():
    def work(index):
        try:
            return list(results)
        except ZeroDivisionError:
            return "failed"

    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, inverse, [1, 2, 0, 4], 2)
        assert run_threads(3, work).count("failed") == 1
    assert list(results) == []


def test_close_while_another_thread_waits():
    executor = Manual()
    results = map_ordered(executor, square, range(5), 2)
    task = Task(next, results).until_asleep()
    results.close()
    executor.run(0)
    assert task.result() == 0
    assert list(results) == []
    assert executor.calls[1][0].cancelled()


def test_close_while_another_thread_draws():
    drawing, go = threading.Event(), threading.Event()

    def items():
        yield 0
        drawing.set()
        go.wait(LONG)
        yield 1

    executor = Manual()
    results = map_ordered(executor, square, items(), 1)
    executor.run(0)
    assert next(results) == 0
    task = Task(next, results, "end")
    assert drawing.wait(LONG)
    results.close()
    go.set()
    assert task.result() == "end"
    assert executor.calls[1][0].cancelled()


def test_items_that_ask_for_the_results():
    def items():
        yield 1
        yield next(results)

    results = map_ordered(Immediate(), square, items(), 1)
    assert next(results) == 1
    with pytest.raises(RuntimeError, match="ask for its results"):
        next(results)
    assert list(results) == []
