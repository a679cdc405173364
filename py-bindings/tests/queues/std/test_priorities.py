"""The Std queues: the order of a priority queue."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import StdConcurrentPriorityQueue
from helpers.threads import flat, run_threads
from hypothesis import given
from hypothesis import strategies as st

from .shared import Item, drained, filled


def test_priorities_as_heapq():
    class Quick(float):
        pass

    for items in (
        [5, 1, 4, 1, 3, 2**80, -(2**70), 0],
        [2.5, -0.0, 1e300, math.inf, -math.inf, 0.1],
        ["b", "", "a", "\udc80", "z" * 100, "ab"],
        [b"b", b"", b"a"],
        [(2, "b"), (1, "c"), (2, "a"), (1,), (), (1, "c", None)],
        [(1, (2, 3)), (1, (2, 1)), (0, "x")],
        [(True, 1), (False, 0), (1, 0)],
        [1, 2.5, True, 0.5, Fraction(1, 3), Decimal(2), 10**30, 1e29],
        [Quick(2), 1, Quick(0.5), 3.0],
        [Item(3), Item(1), Item(2)],
        [(1, Item(3)), (1, Item(2)), (0, Item(9)), (1, Item(1))],
        [[2], [1, 5], [1]],
        [{1, 2}, {1}, set()],
    ):
        q = StdConcurrentPriorityQueue()
        for item in items:
            q.put(item)
        assert [q.get() for _ in items] == sorted(items)


@given(st.lists(st.integers() | st.floats() | st.booleans() | st.fractions()))
def test_priorities_of_mixed_numbers(numbers):
    q = filled(StdConcurrentPriorityQueue, numbers)
    got = [q.get() for _ in numbers]
    assert sorted(map(id, got)) == sorted(map(id, numbers))
    if not any(math.isnan(n) for n in numbers):
        assert got == sorted(numbers)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "b"]))))
def test_priorities_of_tuples(items):
    q = filled(StdConcurrentPriorityQueue, items)
    assert [q.get() for _ in items] == sorted(items)


def test_items_that_cannot_be_compared():
    q = filled(StdConcurrentPriorityQueue, [1, 2])
    for bad in ("a", None, object(), (1,), 1j):
        with pytest.raises(TypeError, match="not supported"):
            q.put(bad)
        assert (q.qsize(), q.unfinished_tasks) == (2, 2)
    with pytest.raises(TypeError) as caught:
        q.push_many([0, 3, "a", 4])
    assert caught.value.remaining == ["a", 4]
    assert drained(q) == [0, 1, 2, 3]


def test_slow_comparisons_among_threads():
    q = StdConcurrentPriorityQueue()

    def work(index):
        mine, got = q.handle(), []
        for n in range(200):
            item = (n * 7 % 10, Item(n)) if index % 2 else (n * 3 % 10, Item(-n))
            mine.put(item)
            if n % 2:
                got.append(mine.get())
        return got

    got = flat(run_threads(4, work))
    rest = drained(q)
    assert rest == sorted(rest)
    assert len(got) == len(rest) == 400
    everything = sorted(got + rest)
    expected = [(n * 7 % 10, Item(n)) for n in range(200)]
    expected += [(n * 3 % 10, Item(-n)) for n in range(200)]
    assert everything == sorted(expected * 2)


def test_priorities_hold_among_threads():
    """An item that one thread gets, while the others only put, is never larger than the rest."""
    q = StdConcurrentPriorityQueue()
    run_threads(4, lambda index: [q.put((n, index)) for n in range(index, 1000, 4)])
    results = run_threads(4, lambda _: [q.get() for _ in range(250)])
    for got in results:
        assert got == sorted(got)
    assert sorted(n for n, _ in flat(results)) == list(range(1000))
