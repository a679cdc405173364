"""AtomicInt64: the integers that it is made from."""

import operator

import pytest
from ft_utils.concurrency import AtomicInt64
from helpers.objects import without_address

from .shared import MAX, MIN, NOT_INTEGERS, TOO_LARGE, BadIndex, Index, MyInt


def test_starts_at_zero():
    assert AtomicInt64().get() == 0


@pytest.mark.parametrize(
    "value", [0, 7, -7, MIN, MAX, True, MyInt(5), Index(6), AtomicInt64(8)], ids=without_address
)
def test_takes_any_integer(value):
    expected = operator.index(value)
    for atomic in (AtomicInt64(value), AtomicInt64(value=value)):
        assert type(atomic.get()) is int
        assert atomic.get() == expected


@pytest.mark.parametrize("value", TOO_LARGE, ids=without_address)
def test_refuses_large_values(value):
    with pytest.raises(OverflowError, match="64 bits"):
        AtomicInt64(value)


@pytest.mark.parametrize("value", NOT_INTEGERS, ids=without_address)
def test_refuses_other_types(value):
    with pytest.raises(TypeError, match="integer"):
        AtomicInt64(value)


def test_refuses_wrong_arguments():
    for args, kwargs in [((1, 2), {}), ((1,), {"value": 2}), ((), {"foo": 3})]:
        with pytest.raises(TypeError):
            AtomicInt64(*args, **kwargs)
    with pytest.raises(ValueError, match="'raise', 'wrap' or 'saturate'"):
        AtomicInt64(1, overflow="ignore")
    with pytest.raises(TypeError):
        AtomicInt64(1, overflow=None)
    with pytest.raises(LookupError):
        AtomicInt64(BadIndex())
