"""AtomicInt64: operators that change the integer in place."""

import operator
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicInt64
from hypothesis import assume, example, given
from hypothesis import strategies as st

from .shared import MAX, MIN, NOT_INTEGERS, TOO_LARGE, Asked, BadIndex, Index, int64s, outcome

IN_PLACE = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.irshift: operator.rshift,
}
EVERY_IN_PLACE = [
    *IN_PLACE,
    operator.ilshift,
    operator.ipow,
    operator.itruediv,
    operator.imatmul,
]


@pytest.mark.parametrize("op", EVERY_IN_PLACE, ids=lambda op: op.__name__)
def test_in_place_never_gives_another_object(op):
    class Answers(Asked):
        def _answer(self, other):
            return "answer"

        __radd__ = __rsub__ = __rmul__ = __rfloordiv__ = __rmod__ = __rpow__ = _answer
        __rlshift__ = __rrshift__ = __rand__ = __ror__ = __rxor__ = _answer
        __rtruediv__ = __rmatmul__ = _answer

    for operand in (2.5, 1j, Fraction(1), Decimal(2), Answers(), [], "x", None):
        atomic = AtomicInt64(10)
        with pytest.raises(TypeError, match="leaves the shared integer as it is"):
            op(atomic, operand)
        assert atomic.get() == 10
    if op in (operator.itruediv, operator.imatmul):
        with pytest.raises(TypeError, match="leaves the shared integer as it is"):
            op(AtomicInt64(10), 2)
    else:
        assert op(atomic, 2) is atomic


def clamp(value, overflow):
    """Return the value of an AtomicInt64 after a step with this result, or the error's type."""
    if isinstance(value, type) or MIN <= value <= MAX:
        return value
    if overflow == "raise":
        return OverflowError
    if overflow == "saturate":
        return MAX if value > 0 else MIN
    return (value - MIN) % 2**64 + MIN


def check_in_place(op, plain, left, right, overflow):
    expected = clamp(outcome(plain, left, right), overflow)
    for operand in (right, AtomicInt64(right), Index(right)):
        atomic = AtomicInt64(left, overflow=overflow)
        result = outcome(op, atomic, operand)
        if isinstance(expected, type):
            assert result is expected
            assert atomic.get() == left
        else:
            assert result is atomic
            assert atomic.get() == expected


@pytest.mark.parametrize("op", IN_PLACE, ids=lambda op: op.__name__)
@given(left=int64s, right=int64s, overflow=st.sampled_from(["raise", "wrap", "saturate"]))
@example(left=MIN, right=-1, overflow="raise")
@example(left=MIN, right=-1, overflow="wrap")
@example(left=MIN, right=-1, overflow="saturate")
@example(left=MAX, right=1, overflow="raise")
@example(left=MAX, right=1, overflow="wrap")
@example(left=MAX, right=1, overflow="saturate")
@example(left=-7, right=2, overflow="raise")
@example(left=5, right=0, overflow="wrap")
def test_steps_in_place(op, left, right, overflow):
    check_in_place(op, IN_PLACE[op], left, right, overflow)


@given(
    left=int64s, right=st.integers(-2, 200), overflow=st.sampled_from(["raise", "wrap", "saturate"])
)
@example(left=-1, right=63, overflow="raise")
@example(left=1, right=63, overflow="raise")
@example(left=0, right=200, overflow="raise")
def test_shift_left_in_place(left, right, overflow):
    check_in_place(operator.ilshift, operator.lshift, left, right, overflow)


@given(
    left=int64s, right=st.integers(0, 100), overflow=st.sampled_from(["raise", "wrap", "saturate"])
)
@example(left=-2, right=63, overflow="raise")
@example(left=-2, right=64, overflow="raise")
@example(left=-2, right=65, overflow="saturate")
def test_power_in_place(left, right, overflow):
    check_in_place(operator.ipow, operator.pow, left, right, overflow)


@pytest.mark.parametrize("overflow", ["raise", "wrap", "saturate"])
def test_huge_operands_in_place(overflow):
    # Results that Python's own operator could not compute.
    for base in (0, 1, -1):
        atomic = AtomicInt64(base, overflow=overflow)
        atomic **= MAX
        assert atomic == base
    zero = AtomicInt64(0, overflow=overflow)
    zero <<= MAX
    assert zero == 0
    assert outcome(operator.ilshift, AtomicInt64(1, overflow=overflow), MAX) == clamp(
        2**64, overflow
    )
    assert outcome(operator.ipow, AtomicInt64(2, overflow=overflow), MAX) == clamp(2**64, overflow)


def test_negative_exponent_in_place():
    atomic = AtomicInt64(2)
    with pytest.raises(ValueError, match="negative exponent"):
        atomic **= -1
    with pytest.raises(ValueError, match="negative shift"):
        atomic <<= -1
    with pytest.raises(ValueError, match="negative shift"):
        atomic >>= -1
    assert atomic == 2


@pytest.mark.parametrize("op", [*IN_PLACE, operator.ilshift, operator.ipow])
def test_bad_operand_in_place_leaves_value(op):
    for overflow in ("raise", "wrap", "saturate"):
        atomic = AtomicInt64(10, overflow=overflow)
        for bad in TOO_LARGE:
            with pytest.raises(OverflowError, match="64 bits"):
                op(atomic, bad)
        for bad in NOT_INTEGERS:
            with pytest.raises(TypeError, match="takes an integer"):
                op(atomic, bad)
        with pytest.raises(LookupError):
            op(atomic, BadIndex())
        assert atomic == 10


def test_statement_raises_at_once():
    atomic = AtomicInt64(10)
    with pytest.raises(TypeError, match="//="):
        atomic /= 2
    with pytest.raises(OverflowError):
        atomic += 2**63
    with pytest.raises(OverflowError):
        atomic.set(2**63)
    with pytest.raises(OverflowError):
        atomic |= 2**63
    assert atomic == 10


@pytest.mark.parametrize(
    ("overflow", "above", "below"),
    [("raise", None, None), ("wrap", MIN, MAX), ("saturate", MAX, MIN)],
)
def test_counting_over_the_limit(overflow, above, below):
    for start, expected, steps in [
        (MAX, above, [AtomicInt64.incr, lambda a: a.fetch_add(1)]),
        (MIN, below, [AtomicInt64.decr, lambda a: a.fetch_sub(1)]),
    ]:
        for step in steps:
            atomic = AtomicInt64(start, overflow=overflow)
            if expected is None:
                with pytest.raises(OverflowError, match="unchanged"):
                    step(atomic)
                assert atomic == start
            else:
                step(atomic)
                assert atomic == expected


def test_in_place_keeps_the_object():
    class Counter(AtomicInt64):
        pass

    counter = same_one = Counter(1)
    counter += 1
    counter -= AtomicInt64(5)
    counter *= counter
    assert counter is same_one
    assert type(counter) is Counter
    assert counter == 9


@given(steps=st.lists(st.tuples(st.sampled_from(list(IN_PLACE)), int64s), max_size=20))
def test_runs_of_steps(steps):
    atomic, plain = AtomicInt64(1, overflow="wrap"), 1
    for op, operand in steps:
        assume(operand != 0)
        if op is operator.irshift:
            operand = abs(operand % 64)
        op(atomic, operand)
        plain = clamp(IN_PLACE[op](plain, operand), "wrap")
        assert atomic == plain
