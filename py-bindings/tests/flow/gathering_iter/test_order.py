"""ConcurrentGatheringIterator: values in the order of their keys."""

import weakref

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator
from helpers.objects import Thing

from .shared import available, filled


def test_in_order():
    g = ConcurrentGatheringIterator()
    for key in (2, 0, 3, 1):
        assert g.insert(key, f"value {key}") is None
    assert g.size() == 4
    iterator = g.iterator(3)
    assert iter(iterator) is iterator
    assert list(iterator) == ["value 0", "value 1", "value 2", "value 3"]
    assert next(iterator, "end") == "end"
    assert g.size() == 0


def test_keyword_names():
    g = ConcurrentGatheringIterator()
    g.insert(key=0, value="a", timeout=None)
    g.insert(0, value="b", timeout=1)
    assert list(g.iterator(max_key=0, clear=False, timeout=0)) == ["b"]
    assert list(g.iterator_local(max_key=0, clear=True, timeout=None)) == ["b"]


@pytest.mark.parametrize("timeout", [None, 0, 1.5, True, float("inf"), 1e300, 10**30])
def test_any_timeout_when_there_is_a_value(timeout):
    g = filled("ab", window=3)
    g.insert(2, "c", timeout)
    assert list(g.iterator(2, timeout=timeout)) == ["a", "b", "c"]


def test_values_of_any_kind():
    values = [None, 0, StopIteration(), StopIteration, TimeoutError(), [], int]
    g = filled(values)
    for one, other in zip(values, g.iterator(len(values) - 1), strict=True):
        assert one is other


def test_nothing_is_lost_before_the_first_next():
    g = filled("ab")
    iterator = g.iterator(1)
    assert g.size() == 2
    del iterator
    assert list(g.iterator(1)) == ["a", "b"]


def test_clearing_takes_the_value_before_it_is_yielded():
    g = filled("ab")
    iterator = g.iterator(1)
    assert next(iterator) == "a"
    iterator.close()
    assert list(iterator) == []
    assert g.size() == 1
    assert available(g.iterator(1, timeout=0)) == []


@pytest.mark.parametrize("clear", [False, 0, "", None])
def test_not_clearing(clear):
    g = filled("abc")
    for _ in range(3):
        assert list(g.iterator(2, clear)) == ["a", "b", "c"]
    assert g.size() == 3
    assert list(g.iterator(2, "yes")) == ["a", "b", "c"]
    assert g.size() == 0


def test_each_call_starts_at_0():
    g = filled("abc")
    one, other = g.iterator(2, False), g.iterator(2, False)
    assert [next(one), next(one), next(other), next(one)] == ["a", "b", "a", "c"]


def test_keys_are_used_again():
    g = ConcurrentGatheringIterator()
    for turn in range(3):
        for key in range(5):
            g.insert(key, (turn, key))
        assert list(g.iterator(4)) == [(turn, key) for key in range(5)]


def test_later_value_replaces():
    g = filled("ab")
    thing = Thing()
    reference = weakref.ref(thing)
    g.insert(1, thing)
    del thing
    g.insert(1, "c")
    assert reference() is None
    assert list(g.iterator(1)) == ["a", "c"]
