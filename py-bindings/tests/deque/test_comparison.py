"""ConcurrentDeque: comparison and text."""

from collections import deque

import pytest
from ft_utils.concurrency import ConcurrentDeque

from .shared import DEEP, Bad, Sub


def test_comparisons():
    d = ConcurrentDeque([1, 2])
    assert d == ConcurrentDeque([1, 2], 7) == Sub([1, 2]) == d.handle()
    assert d != ConcurrentDeque([1])
    assert d < ConcurrentDeque([1, 3])
    assert d <= d
    assert d > ConcurrentDeque([1])
    assert ConcurrentDeque([2]) >= d
    for other in ([1, 2], (1, 2), deque([1, 2]), None, 3):
        assert not d == other  # noqa: SIM201
        assert d != other
        assert other != d
    nan = float("nan")
    assert ConcurrentDeque([nan]) == ConcurrentDeque([nan])
    with pytest.raises(LookupError):
        assert ConcurrentDeque([Bad()]) == ConcurrentDeque([1])


def test_deques_that_hold_themselves():
    one, two = ConcurrentDeque([0]), ConcurrentDeque([0])
    one.append(one)
    two.append(two)
    assert one == one
    with pytest.raises(RecursionError):
        assert one == two
    assert repr(one) == "ConcurrentDeque([0, [...]])"
    one.append(two)
    two.append(one)
    assert repr(Sub([one])).startswith("Sub([ConcurrentDeque([0, [...], ConcurrentDeque([0, [")
    assert one in one
    one.clear()
    two.clear()


def test_deep_comparisons_and_texts():
    one, two = ConcurrentDeque(), ConcurrentDeque()
    for _ in range(100):
        one, two = ConcurrentDeque([one]), ConcurrentDeque([[two]][0])
    assert one == two
    assert repr(one) == 101 * "ConcurrentDeque([" + 101 * "])"
    for _ in range(DEEP):
        one, two = ConcurrentDeque([one]), ConcurrentDeque([two])
    for call in (lambda: one == two, lambda: one < two, lambda: repr(one), lambda: two in one):
        for _ in range(2):
            with pytest.raises(RecursionError):
                call()
    assert ConcurrentDeque([1]) == ConcurrentDeque([1])


def test_failing_repr():
    class Shy:
        def __repr__(self):
            raise LookupError

    d = ConcurrentDeque([Shy()])
    for _ in range(2):
        with pytest.raises(LookupError):
            repr(d)
    d[0] = d
    assert repr(d) == "ConcurrentDeque([[...]])"
