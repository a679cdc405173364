"""AtomicInt64: reading, writing, and changes in one step."""

import pytest
from ft_utils.concurrency import AtomicInt64

from .shared import NOT_INTEGERS, TOO_LARGE, BadIndex, Index, MyInt


def test_set_and_get():
    atomic = AtomicInt64(1)
    assert atomic.set(5) is None
    assert atomic.get() == 5
    atomic.set(AtomicInt64(6))
    assert atomic.get() == 6


def test_counting_returns_new_value():
    atomic = AtomicInt64(41)
    assert atomic.incr() == 42
    assert atomic.decr() == 41
    with pytest.raises(TypeError):
        atomic.incr(1)


def test_exchange_returns_old_value():
    atomic = AtomicInt64(1)
    assert atomic.exchange(2) == 1
    assert atomic.get() == 2


def test_compare_exchange():
    atomic = AtomicInt64(1)
    assert atomic.compare_exchange(1, 2) is True
    assert atomic.compare_exchange(1, 3) is False
    assert atomic.get() == 2


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("fetch_add", 12 + 10),
        ("fetch_sub", 12 - 10),
        ("fetch_and", 12 & 10),
        ("fetch_or", 12 | 10),
        ("fetch_xor", 12 ^ 10),
        ("fetch_max", 12),
        ("fetch_min", 10),
    ],
)
def test_fetch_returns_old_value(method, result):
    for operand in (10, Index(10), AtomicInt64(10), MyInt(10)):
        atomic = AtomicInt64(12)
        assert getattr(atomic, method)(operand) == 12
        assert atomic == result


METHODS = [
    "set",
    "exchange",
    "fetch_add",
    "fetch_sub",
    "fetch_and",
    "fetch_or",
    "fetch_xor",
    "fetch_max",
    "fetch_min",
]


@pytest.mark.parametrize("method", METHODS)
def test_bad_operand_leaves_value(method):
    atomic = AtomicInt64(10)
    call = getattr(atomic, method)
    for bad in NOT_INTEGERS:
        with pytest.raises(TypeError, match="integer"):
            call(bad)
    for bad in TOO_LARGE:
        with pytest.raises(OverflowError, match="64 bits"):
            call(bad)
    with pytest.raises(LookupError):
        call(BadIndex())
    with pytest.raises(TypeError):
        call()
    assert atomic == 10
