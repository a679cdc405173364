"""map_ordered(): calls, items and executors that fail."""

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import count

import pytest
from ft_utils.concurrency import map_ordered
from helpers.limits import LONG
from helpers.threads import Task, wait_until

from .shared import Immediate, Manual, inverse, square


def test_exception_comes_in_its_place():
    results = map_ordered(Immediate(), inverse, iter([1, 2, 0, 4]), 10)
    assert [next(results), next(results)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_exception_cancels_the_rest():
    executor = Manual()
    results = map_ordered(executor, inverse, [0, 1, 2], 3)
    task = Task(next, results)
    wait_until(lambda: len(executor.calls) == 3)
    executor.run(0)
    with pytest.raises(ZeroDivisionError):
        task.result()
    assert [future.cancelled() for future, _, _ in executor.calls] == [False, True, True]


def test_items_that_fail():
    def items():
        yield 1
        yield 2
        raise LookupError("x")

    for window in (1, 2, 3, 10):
        with ThreadPoolExecutor(2) as executor:
            results = map_ordered(executor, square, items(), window)
            assert [next(results), next(results)] == [1, 4]
            with pytest.raises(LookupError, match="x"):
                next(results)
            assert list(results) == []


def test_items_are_not_asked_again():
    class Items:
        asked = 0

        def __iter__(self):
            return self

        def __next__(self):
            self.asked += 1
            raise LookupError if self.asked == 1 else AssertionError

    items = Items()
    with pytest.raises(LookupError):
        next(map_ordered(Immediate(), square, items))
    assert items.asked == 1


def test_interrupt_of_items_ends_at_once():
    def items():
        yield 1
        raise KeyboardInterrupt

    executor = Manual()
    with pytest.raises(KeyboardInterrupt):
        next(map_ordered(executor, square, items()))
    assert executor.calls[0][0].cancelled()


def test_executor_that_was_shut_down():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        next(map_ordered(executor, square, [1]))


def test_shutdown_on_the_way():
    # The submitted calls are done; then comes the refusal of the next call.
    executor = ThreadPoolExecutor(1)
    results = map_ordered(executor, square, count(), 3)
    assert next(results) == 0
    executor.shutdown()
    assert [next(results), next(results)] == [1, 4]
    with pytest.raises(RuntimeError, match="shutdown"):
        next(results)


def test_shutdown_that_cancels():
    executor, go = ThreadPoolExecutor(1), threading.Event()

    def work(n):
        go.wait(LONG)
        return n

    results = map_ordered(executor, work, count(), 5)
    task = Task(list, results)
    wait_until(lambda: executor._work_queue.qsize() == 4)
    executor.shutdown(wait=False, cancel_futures=True)
    go.set()
    with pytest.raises(CancelledError):
        task.result()
