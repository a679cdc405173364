"""AtomicInt64: operators with numbers of other types."""

import math
import operator
import sys
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicInt64

from .shared import BINARY, MAX, Asked, outcome

NUMBERS = [2.5, -0.0, math.inf, 1 + 2j, Fraction(7, 3), Decimal("1.25"), Decimal(3)]


@pytest.mark.parametrize("op", [*BINARY, operator.lshift, operator.pow], ids=lambda op: op.__name__)
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_other_numbers_meet_an_int(op, number):
    # A Fraction to the power of MAX would take all memory. NaN is equal to nothing, its text is.
    for value in (0, 3, -7, MAX if op is not operator.pow else 8):
        atomic = AtomicInt64(value)
        assert repr(outcome(op, atomic, number)) == repr(outcome(op, value, number))
        # Before 3.12.4, a Fraction takes all but numbers.Rational for a float, as an exponent.
        if op is operator.pow and isinstance(number, Fraction) and sys.version_info < (3, 12, 4):
            continue
        assert repr(outcome(op, number, atomic)) == repr(outcome(op, number, value))
        assert atomic.get() == value


def test_other_numbers_in_python_functions():
    atomic = AtomicInt64(10)
    assert sum([atomic, 1.5]) == 11.5
    assert math.fsum([atomic, 0.5]) == 10.5
    assert max(atomic, 9.5) is atomic
    assert round(atomic / 3, 2) == 3.33
    assert divmod(atomic, 2.5) == (4.0, 0.0)
    assert pow(atomic, 2.0) == 100.0
    with pytest.raises(TypeError):
        pow(atomic, 2.5, 7)


def test_number_that_says_it_is_another():
    class Liar:
        @property
        def __class__(self):
            raise LookupError

        def __radd__(self, other):
            return "asked"

    assert AtomicInt64(1) + Liar() == "asked"
    with pytest.raises(TypeError):
        AtomicInt64(1) + type("Float", (), {"__class__": float})()


@pytest.mark.parametrize("kind", [Asked, type("Index", (Asked,), {"__index__": None})])
def test_other_operand_is_asked(kind):
    atomic = AtomicInt64(2)
    assert atomic.__add__(kind()) is NotImplemented
    assert atomic + kind() == ("radd", 2)
    assert kind() + atomic == ("add", 2)
    assert atomic @ kind() == atomic / kind() == atomic ** kind() == ("radd", 2)
    assert atomic * [0] == [0, 0]
    assert "ab" * atomic == "abab"
    assert atomic == 2
