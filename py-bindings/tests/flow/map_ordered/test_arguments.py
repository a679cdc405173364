"""map_ordered(): its arguments and iterables."""

import copy
import inspect
import math
import pickle
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from ft_utils.concurrency import AtomicInt64, map_ordered

from .shared import Drawn, Immediate, Manual, square


def test_signature():
    parameters = inspect.signature(map_ordered).parameters
    assert list(parameters) == ["executor", "fn", "items", "more", "window", "timeout"]
    assert inspect.getdoc(map_ordered)
    results = map_ordered(executor=Immediate(), fn=square, items=[1, 2], window=AtomicInt64(1))
    assert list(results) == [1, 4]
    assert list(map_ordered(Immediate(), square, "", 1)) == []


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((Immediate(), square, [1], 0), ValueError),
        ((Immediate(), square, [1], -1), ValueError),
        ((Immediate(), square, [1], 1.5), TypeError),
        ((Immediate(), square, [1], None), TypeError),
        ((Immediate(), square, [1], [1], 3), TypeError),
        ((Immediate(), square, 5), TypeError),
        ((Immediate(), None, [1]), TypeError),
        ((5, square, [1]), AttributeError),
        ((None, square, [1], 0), ValueError),
        ((None, square, 5), TypeError),
        ((None, None, [1]), TypeError),
    ],
)
def test_bad_arguments_are_refused_at_the_call(args, error):
    with pytest.raises(error):
        map_ordered(*args)


@pytest.mark.parametrize("timeout", [-1, -math.inf, math.nan, "1", [], 10**400])
def test_bad_timeouts_are_refused_at_the_call(timeout):
    items = Drawn()
    with pytest.raises((ValueError, TypeError, OverflowError)):
        map_ordered(Immediate(), square, items, timeout=timeout)


def test_window_is_started_by_the_call():
    items, executor = Drawn(), Manual()
    results = map_ordered(executor, square, items, 3)
    assert (items.count, len(executor.calls)) == (3, 3)
    results.close()
    assert list(results) == []
    assert [future.cancelled() for future, _, _ in executor.calls] == [True] * 3
    assert items.count == 3


def test_results_after_the_executor_was_shut_down():
    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, square, range(3))
    assert list(results) == [0, 1, 4]


def test_is_an_iterator_and_no_generator():
    results = map_ordered(Immediate(), square, [1])
    assert iter(results) is results
    assert isinstance(results, Iterator)
    assert not isinstance(results, Generator)
    assert [inspect.getdoc(getattr(results, name)) for name in ("close", "__next__")]
    for call in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError):
            call(results)


def test_several_iterables():
    def join(*args):
        return args

    letters = iter("abc")
    results = map_ordered(Immediate(), join, range(5), letters, count(7), window=2)
    assert list(results) == [(0, "a", 7), (1, "b", 8), (2, "c", 9)]
    assert list(results) == []


def test_shortest_ends_the_others():
    first, executor = Drawn(), Manual()
    results = map_ordered(executor, max, first, [5, 6], window=9)
    executor.run(0)
    executor.run(1)
    assert list(results) == [5, 6]
    # As in zip(), the first iterable was asked once more before the second one ended.
    assert next(results, None) is None
    assert first.count == 3


def test_second_iterable_that_fails():
    def fails():
        yield 1
        raise LookupError

    results = map_ordered(Immediate(), max, count(), fails())
    assert next(results) == 1
    with pytest.raises(LookupError):
        next(results)
