"""map_ordered() without an executor: threads of its own."""

import doctest
import gc
import threading
from contextvars import ContextVar
from itertools import count, islice

import ft_utils
import pytest
from ft_utils import map_ordered
from helpers.limits import LONG
from helpers.loops import run
from helpers.programs import run_python
from helpers.threads import Task, flat, run_threads

from .shared import Drawn, inverse, square

pytestmark = pytest.mark.thread_unsafe(reason="starts threads")


def thread_of(_):
    return threading.current_thread()


def have_ended(threads):
    for thread in threads:
        thread.join(LONG)
    return not any(thread.is_alive() for thread in threads)


def test_docstring():
    finder = doctest.DocTestFinder(recurse=False)
    (examples,) = finder.find(map_ordered, "map_ordered", globs=vars(ft_utils).copy())
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


@pytest.mark.parametrize("window", [1, 3, 64])
def test_order(window):
    assert list(map_ordered(None, square, range(200), window)) == [n * n for n in range(200)]


def test_items_without_end_are_drawn_as_results_are_read():
    items = Drawn()
    results = map_ordered(None, square, items, window=5)
    assert items.count == 5
    assert list(islice(results, 300)) == [n * n for n in range(300)]
    assert items.count <= 305
    results.close()
    assert list(results) == []


def test_only_as_many_calls_as_the_window_at_a_time():
    go, begun = threading.Event(), threading.Semaphore(0)

    def wait(n):
        begun.release()
        assert go.wait(LONG)
        return n

    items = Drawn()
    results = map_ordered(None, wait, items, window=2)
    assert begun.acquire(timeout=LONG)
    assert items.count == 2
    go.set()
    assert list(islice(results, 4)) == [0, 1, 2, 3]
    results.close()


def test_a_failure_comes_in_its_place():
    results = map_ordered(None, inverse, [1, 2, 0, 4])
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("how", ["read", "fail", "items fail", "close", "drop"])
def test_the_threads_end(how):
    def fails():
        yield from range(5)
        raise LookupError

    items = {"read": range(5), "items fail": fails()}.get(how, count())
    results = map_ordered(None, thread_of if how != "fail" else raise_thread, items, window=3)
    if how == "fail":
        with pytest.raises(ThreadError) as raised:
            next(results)
        threads = {raised.value.args[0]}
    else:
        threads = {next(results)}
    if how == "read":
        threads |= set(results)
    if how == "items fail":
        with pytest.raises(LookupError):
            threads |= {*results}
    if how == "close":
        results.close()
    if how == "drop":
        del results
        gc.collect()
    assert threading.current_thread() not in threads
    assert have_ended(threads)


class ThreadError(Exception):
    pass


def raise_thread(_):
    raise ThreadError(threading.current_thread())


def test_the_last_results_can_be_read_when_the_threads_have_ended():
    results = map_ordered(None, thread_of, range(3))
    first = next(results)
    assert have_ended([first])
    assert len(list(results)) == 2


def test_a_closed_iterator_still_gives_the_result_that_a_thread_waits_for():
    go, begun = threading.Event(), threading.Event()

    def wait(n):
        begun.set()
        assert go.wait(LONG)
        return n

    results = map_ordered(None, wait, count(7), window=2)
    reader = Task(next, results)
    assert begun.wait(LONG)
    reader.until_asleep()
    results.close()
    go.set()
    assert reader.result() == 7
    assert list(results) == []


def test_one_processor_makes_no_call_in_place(monkeypatch):
    """A call in map_ordered() itself would keep an event loop from running."""
    monkeypatch.setattr("ft_utils._flow.executor.available_cpus", lambda: 1)
    threads = set(map_ordered(None, thread_of, range(10)))
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_inside_of_each_other():
    def inner(n):
        return sum(map_ordered(None, square, range(n), window=2))

    results = map_ordered(None, inner, range(20), window=3)
    assert list(results) == [sum(k * k for k in range(n)) for n in range(20)]


def test_read_by_tasks():
    async def main():
        results = map_ordered(None, square, range(100), window=5)
        return [result async for result in results]

    assert run(main()) == [n * n for n in range(100)]


def test_shared_by_threads():
    results = map_ordered(None, square, range(400), window=8)
    lists = run_threads(4, lambda _: list(results))
    assert all(each == sorted(each) for each in lists)
    assert sorted(flat(lists)) == [n * n for n in range(400)]


def test_calls_see_the_context_variables():
    variable = ContextVar("variable")
    variable.set(7)
    assert list(map_ordered(None, lambda _: variable.get(), [1])) == [7]


def test_nothing_begins_before_the_first_call():
    out = run_python(
        """
import threading
import ft_utils
results = ft_utils.map_ordered(None, abs, [])
print(threading.active_count(), list(results))
"""
    )
    assert out == "1 []\n"


def test_an_open_iterator_does_not_keep_the_program_from_ending():
    out = run_python(
        """
from itertools import count
from ft_utils import map_ordered
results = map_ordered(None, abs, count())
print(next(results))
"""
    )
    assert out == "0\n"
