"""parallel_sort()."""

import inspect
import math
import operator
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ft_utils import parallel_sort
from ft_utils._flow.parallel_sort import _sorted
from hypothesis import given, settings
from hypothesis import strategies as st

from .shared import Immediate, workers

# With this executor, all builds cut and merge.
N = 70_000


def shuffled(n=N, spread=10**9):
    rng = random.Random(n)
    return [rng.randrange(spread) for _ in range(n)]


@pytest.fixture(params=["threads", "executor", "in place"])
def how(request):
    if request.param == "executor":
        with ThreadPoolExecutor(2) as executor:
            yield {"executor": executor}
    else:
        yield {"n_threads": 3} if request.param == "threads" else {"executor": Immediate()}


class Item:
    """Only compares by <, and tells equal ones apart."""

    def __init__(self, key, number):
        self.key, self.number = key, number

    def __lt__(self, other):
        return self.key < other.key


def test_signature():
    assert list(inspect.signature(parallel_sort).parameters) == [
        "items",
        "key",
        "reverse",
        "n_threads",
        "executor",
        "progress",
    ]
    assert parallel_sort("bca") == ["a", "b", "c"]
    assert parallel_sort([]) == []
    with pytest.raises(TypeError):
        parallel_sort(5)
    with pytest.raises(TypeError):
        parallel_sort([1, "a"])
    with pytest.raises(ValueError, match="n_threads"):
        parallel_sort([1], n_threads=0)
    with pytest.raises(TypeError, match="progress"):
        parallel_sort([1], progress=5)


@pytest.mark.parametrize("reverse", [False, True])
def test_numbers(how, reverse):
    items = shuffled()
    expected = sorted(items, reverse=reverse)
    before = items[:]
    assert parallel_sort(items, reverse=reverse, **how) == expected
    assert items == before
    assert parallel_sort(iter(items), reverse=reverse, **how) == expected
    assert parallel_sort(expected, reverse=reverse, **how) == expected
    assert parallel_sort(expected[::-1], reverse=reverse, **how) == expected


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("spread", [1, 2, 1000])
def test_equal_items_keep_their_order(how, spread, reverse):
    items = [Item(key, number) for number, key in enumerate(shuffled(N, spread))]
    found = parallel_sort(items, reverse=reverse, **how)
    expected = sorted(items, reverse=reverse)
    assert all(map(operator.is_, found, expected))
    found = parallel_sort(items, key=operator.attrgetter("key"), reverse=reverse, **how)
    assert all(map(operator.is_, found, expected))


def test_texts_and_keys(how):
    texts = list(map(str, shuffled()))
    assert parallel_sort(texts, **how) == sorted(texts)
    assert parallel_sort(texts, key=int, **how) == sorted(texts, key=int)
    assert parallel_sort(texts, key=len, reverse=True, **how) == sorted(
        texts, key=len, reverse=True
    )


def test_progress(how):
    calls = []

    def progress(done):
        calls.append((done, threading.current_thread()))

    items = shuffled()
    assert parallel_sort(items, progress=progress, **how) == sorted(items)
    numbers = [done for done, _ in calls]
    assert numbers == sorted(numbers) and numbers[-1] == N
    assert {thread for _, thread in calls} == {threading.current_thread()}
    if "executor" in how:
        assert N // 2 in numbers and len(set(numbers)) > 20
    calls.clear()
    assert parallel_sort([2, 1], progress=progress) == [1, 2]
    assert [done for done, _ in calls] == [2]
    calls.clear()
    assert parallel_sort([], progress=progress) == calls == []

    def fail(_):
        raise LookupError

    with pytest.raises(LookupError):
        parallel_sort(items, progress=fail, **how)


def test_numbers_without_an_order(how):
    items = [n if n % 7 else math.nan for n in shuffled()]
    found = parallel_sort(items, **how)
    assert sorted(map(id, found)) == sorted(map(id, items))


@given(st.lists(st.integers(-5, 5), min_size=1), st.sampled_from([None, abs, operator.neg]))
@settings(max_examples=100, deadline=None)
def test_short_lists_that_are_cut(some, key):
    items = [float(n) for n in some]
    for executor in (Immediate(), None):
        found = _sorted(items[:], key, executor, 1)
        assert all(map(operator.is_, found, sorted(items, key=key)))


class Bad:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        if self.n == 5:
            raise LookupError
        return self.n < other.n


@pytest.mark.thread_unsafe(reason="looks at all threads")
def test_comparison_and_keys_that_fail(how):
    items = list(map(Bad, range(N)))
    with pytest.raises(LookupError):
        parallel_sort(items, **how)

    def key(n):
        if n == N // 2:
            raise LookupError
        return n

    with pytest.raises(LookupError):
        parallel_sort(range(N), key=key, **how)

    def items_that_fail():
        yield from range(N)
        raise LookupError

    with pytest.raises(LookupError):
        parallel_sort(items_that_fail(), **how)
    assert workers() == []


def test_comparison_that_changes_the_list():
    items = []

    class Changes(int):
        def __lt__(self, other):
            items.clear()
            return int.__lt__(self, other)

    items += map(Changes, shuffled())
    expected = sorted(map(int, items))
    assert parallel_sort(items, n_threads=2) == expected
