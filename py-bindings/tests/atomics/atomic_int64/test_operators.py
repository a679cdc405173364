"""AtomicInt64: its operators are those of int."""

import math
import operator

import pytest
from ft_utils.concurrency import AtomicInt64
from helpers.objects import without_address
from hypothesis import example, given
from hypothesis import strategies as st

from .shared import BINARY, MAX, MIN, NoIndex, int64s, outcome


def same(one, other):
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
@given(left=int64s, right=int64s)
@example(left=MIN, right=-1)
@example(left=-7, right=2)
@example(left=MAX, right=MAX)
@example(left=1, right=0)
def test_operators_are_those_of_int(op, left, right):
    expected = outcome(op, left, right)
    a, b = AtomicInt64(left), AtomicInt64(right)
    assert same(outcome(op, a, right), expected)
    assert same(outcome(op, left, b), expected)
    assert same(outcome(op, a, b), expected)
    assert (a.get(), b.get()) == (left, right)


@pytest.mark.parametrize("op", [operator.lshift, operator.rshift, operator.pow])
@given(left=int64s, right=st.integers(-3, 130))
def test_shifts_and_powers_are_those_of_int(op, left, right):
    expected = outcome(op, left, right)
    assert same(outcome(op, AtomicInt64(left), right), expected)
    assert same(outcome(op, left, AtomicInt64(right)), expected)
    assert same(outcome(op, AtomicInt64(left), AtomicInt64(right)), expected)


def test_operators_take_large_ints():
    atomic = AtomicInt64(10)
    assert atomic + 2**63 == 10 + 2**63
    assert 2**100 // atomic == 2**100 // 10
    assert atomic // 2**100 == 0
    assert AtomicInt64(MIN) // -(2**70) == 0
    assert pow(AtomicInt64(3), 4, 5) == 1
    assert pow(AtomicInt64(3), AtomicInt64(4), AtomicInt64(5)) == 1
    assert pow(AtomicInt64(3), -1, 7) == 5


@given(value=int64s)
def test_unary_operators_are_those_of_int(value):
    atomic = AtomicInt64(value)
    for op in (operator.neg, operator.pos, operator.invert, abs, int, bool, float, operator.index):
        assert same(op(atomic), op(value))
    for op in (math.floor, math.ceil, math.trunc, round, hex, oct, bin, str):
        assert same(op(atomic), op(value))
    assert round(atomic, -2) == round(value, -2)
    assert atomic.get() == value


def test_sum_of_atomics():
    assert sum([AtomicInt64(1), AtomicInt64(2)]) == 3


@pytest.mark.parametrize(
    "left", ["x", None, [], {}, (1,), NoIndex(), object()], ids=without_address
)
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.or_, operator.floordiv])
def test_foreign_operands_are_declined(op, left):
    atomic = AtomicInt64(7)
    for call in (lambda: op(left, atomic), lambda: op(atomic, left)):
        with pytest.raises(TypeError):
            call()
    assert atomic == 7
