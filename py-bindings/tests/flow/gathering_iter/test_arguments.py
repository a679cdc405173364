"""ConcurrentGatheringIterator: bounds, timeouts and other arguments."""

from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicInt64
from helpers.objects import without_address
from helpers.timeouts import BAD_TIMEOUTS

from .shared import filled, read


def test_max_key_is_inclusive():
    g = filled("abc")
    assert list(g.iterator(0, clear=False)) == ["a"]
    assert list(g.iterator(1, clear=False)) == ["a", "b"]
    assert list(g.iterator(True, clear=False)) == ["a", "b"]
    for max_key in (-1, -(10**30), -0.5, float("-inf"), float("nan")):
        assert list(g.iterator(max_key)) == []
    assert g.size() == 3


class Index:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


@pytest.mark.parametrize(
    ("max_key", "count"),
    [
        (1.0, 2),
        (1.9, 2),
        (0.0, 1),
        (-0.0, 1),
        (1e300, 3),
        (float("inf"), 3),
        (10**30, 3),
        (2**63 - 1, 3),
        (2**64 - 1, 3),
        (Index(1), 2),
        (Index(10**30), 3),
        (Index(-(10**30)), 0),
        (Fraction(3, 2), 2),
        (Decimal("1.5"), 2),
        (AtomicInt64(1), 2),
    ],
    ids=without_address,
)
def test_any_number_is_a_bound(max_key, count):
    g = filled("abc")
    assert read(g.iterator(max_key, timeout=0))[0] == list("abc")[:count]


def test_bad_arguments_are_refused_at_the_call():
    class Odd:
        def __index__(self):
            raise LookupError

        def __bool__(self):
            raise LookupError

    g = filled("a")
    for method in (g.iterator, g.iterator_local):
        for bad in (None, "3", [], 1j):
            with pytest.raises(TypeError, match="max_key must be a number, not"):
                method(bad)
        with pytest.raises(LookupError):
            method(Odd())
        with pytest.raises(LookupError):
            method(1, Odd())
        for args, kwargs in [((), {}), ((1, True, 1, 1), {}), ((1,), {"maximum": 3})]:
            with pytest.raises(TypeError):
                method(*args, **kwargs)
    for call in (g.insert, lambda: g.insert(1), lambda: g.insert(1, 2, 3, 4), g.fail):
        with pytest.raises(TypeError):
            call()
    assert g.failure is None
    assert list(g.iterator(0)) == ["a"]


@pytest.mark.parametrize(("timeout", "error"), BAD_TIMEOUTS, ids=without_address)
def test_bad_timeouts(timeout, error):
    g = filled("a")
    with pytest.raises(error):
        g.iterator(0, True, timeout)
    with pytest.raises(error):
        g.iterator_local(0, timeout=timeout)
    with pytest.raises(error):
        g.insert(0, "b", timeout)
    assert g.failure is None
    assert list(g.iterator(0)) == ["a"]
