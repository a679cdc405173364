"""Helpers for the tests in this folder."""

import operator
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

MIN, MAX = -(2**63), 2**63 - 1


class Index:
    """An integer that is no int."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class BadIndex:
    def __index__(self):
        raise LookupError("no index")


class NoIndex:
    """An object that has the method and is no integer, such as an array of NumPy."""

    __array_ufunc__ = None

    def __index__(self):
        raise TypeError("only integer scalar arrays can be converted to a scalar index")


class OnlyInt:
    def __int__(self):
        return 1


class MyInt(int):
    pass


NOT_INTEGERS = [1.0, "1", b"1", None, Fraction(1), Decimal(1), 1j, OnlyInt(), NoIndex(), [], int]
TOO_LARGE = [MAX + 1, MIN - 1, 2**64, -(10**30), Index(2**63)]

int64s = st.integers(MIN, MAX) | st.integers(-5, 70) | st.sampled_from([MIN, MAX, MIN + 1, MAX - 1])
BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    divmod,
    operator.and_,
    operator.or_,
    operator.xor,
]


def outcome(function, *args):
    """Return the result of a call, or the type of its exception."""
    try:
        return function(*args)
    except Exception as error:
        return type(error)


class Asked(NoIndex):
    """Answers every operator that it is asked for, as an array does."""

    def __radd__(self, other):
        return ("radd", other.get())

    def __add__(self, other):
        return ("add", other.get())

    __rmatmul__ = __rtruediv__ = __rpow__ = __radd__
