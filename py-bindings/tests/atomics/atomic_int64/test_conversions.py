"""AtomicInt64: comparison, conversion and text."""

import math
import operator
import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicInt64
from hypothesis import given
from hypothesis import strategies as st

from .shared import MIN, int64s


@given(left=int64s, right=st.integers() | st.floats() | st.booleans() | int64s)
def test_comparison_is_that_of_int(left, right):
    atomic = AtomicInt64(left)
    for op in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert op(atomic, right) is op(left, right)
        assert op(right, atomic) is op(right, left)
        assert op(atomic, AtomicInt64(7)) is op(left, 7)


def test_comparison_with_other_types():
    atomic = AtomicInt64(3)
    assert atomic == Fraction(3) == atomic
    assert atomic < Decimal("3.5")
    assert Decimal("2.5") < atomic
    assert atomic == 3 + 0j
    assert atomic != "3"
    assert not atomic == None  # noqa: E711, SIM201
    for op in (operator.lt, operator.le, operator.gt, operator.ge):
        with pytest.raises(TypeError):
            op(atomic, "3")
        with pytest.raises(TypeError):
            op(None, atomic)


def test_comparison_calls_the_other():
    class Odd:
        def __eq__(self, other):
            return [other]

        def __lt__(self, other):
            raise LookupError

    # An array, for example, compares its items.
    assert (AtomicInt64(1) == Odd()) == [1]
    with pytest.raises(LookupError):
        AtomicInt64(1) > Odd()  # noqa: B015


def test_unhashable():
    with pytest.raises(TypeError, match="unhashable"):
        hash(AtomicInt64(1))
    with pytest.raises(TypeError, match="unhashable"):
        {AtomicInt64(1): 1}


def test_use_as_index():
    atomic = AtomicInt64(2)
    assert list(range(atomic)) == [0, 1]
    assert "abc"[atomic] == "c"
    assert struct.pack("b", atomic) == b"\x02"
    assert f"{255 - AtomicInt64(0):x}" == "ff"
    assert "%d %x %s" % (atomic, AtomicInt64(255), atomic) == "2 ff 2"  # noqa: UP031
    assert math.sqrt(AtomicInt64(4)) == 2.0


@pytest.mark.parametrize("spec", ["", "x", "#b", "o", "d", ",", "05d", ".2f", ">+8", "e", "c"])
def test_format_is_that_of_int(spec):
    assert format(AtomicInt64(1234), spec) == format(1234, spec)


def test_bad_format():
    with pytest.raises(ValueError, match="format code"):
        format(AtomicInt64(1), "y")


def test_text_shows_value():
    class Counter(AtomicInt64):
        pass

    assert str(AtomicInt64(-5)) == f"{AtomicInt64(-5)!s}" == "-5"
    assert repr(AtomicInt64(5)) == "AtomicInt64(5)"
    assert repr(AtomicInt64(5, overflow="wrap")) == "AtomicInt64(5, overflow='wrap')"
    assert repr(AtomicInt64(5, overflow="saturate")) == "AtomicInt64(5, overflow='saturate')"
    assert repr(Counter(MIN)) == f"Counter({MIN})"
