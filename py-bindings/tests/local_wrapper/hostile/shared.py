"""Helpers for the tests in this folder."""

import itertools
import operator
import warnings
from array import array
from collections import ChainMap, Counter, OrderedDict, UserList, deque
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

from ft_utils.concurrency import AtomicInt64
from ft_utils.local import LocalWrapper

from local_wrapper.operators import ARITHMETIC, COMPARISONS


def outcome(function, *args):
    """Return the type and value of a call's result, or the type and text of its exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(*args)
    except Exception as err:
        return type(err), str(err)
    return type(result), result


class Left:
    """Has operators that know one type, and decline the rest."""

    def _know(self, other):
        return ("left", other) if isinstance(other, str) else NotImplemented

    __add__ = __sub__ = __mul__ = __matmul__ = __truediv__ = __floordiv__ = __mod__ = _know
    __lshift__ = __rshift__ = __and__ = __or__ = __xor__ = __pow__ = __divmod__ = _know
    __lt__ = __le__ = _know

    def __repr__(self):
        return "Left"


class Right:
    """Has reflected operators alone; they take whatever is not a wrapper."""

    def _take(self, other):
        return NotImplemented if isinstance(other, LocalWrapper) else ("right", other)

    __radd__ = __rsub__ = __rmul__ = __rmatmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = _take
    __rlshift__ = __rrshift__ = __rand__ = __ror__ = __rxor__ = __rpow__ = __rdivmod__ = _take


class Raises:
    def _raise(self, other):
        raise LookupError("no operator")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __or__ = __ror__ = _raise
    __eq__ = __lt__ = __iadd__ = _raise
    __hash__ = None


class Sub(int):
    def __radd__(self, other):
        return "Sub", int(other)


LEFT, RIGHT, RAISES, VIEW = Left(), Right(), Raises(), memoryview(b"ab")
OPERANDS = [
    lambda: 7,
    lambda: -2,
    lambda: True,
    lambda: 0,
    lambda: 10**30,
    lambda: Sub(3),
    lambda: 2.5,
    lambda: float("inf"),
    lambda: 1 - 2j,
    lambda: Fraction(7, 2),
    lambda: Decimal("2.5"),
    lambda: timedelta(days=2),
    lambda: date(2024, 2, 29),
    lambda: datetime(2024, 2, 29, tzinfo=UTC),
    lambda: "ab",
    lambda: "%s",
    lambda: b"ab",
    lambda: bytearray(b"ab"),
    lambda: VIEW,
    lambda: array("i", [1, 2]),
    lambda: [1, 2],
    lambda: (1, 2),
    lambda: UserList([1]),
    lambda: deque([1, 2]),
    lambda: range(3),
    lambda: {1, 2},
    lambda: frozenset({1}),
    lambda: {1: 2},
    lambda: {1: 2}.keys(),
    lambda: OrderedDict({1: 2}),
    lambda: Counter("ab"),
    lambda: ChainMap({1: 2}),
    lambda: PurePosixPath("a"),
    lambda: None,
    lambda: NotImplemented,
    lambda: int,
    lambda: list[int],
    lambda: LEFT,
    lambda: RIGHT,
    lambda: RAISES,
    lambda: AtomicInt64(5),
]
BINARY = [*ARITHMETIC, *COMPARISONS, divmod]


def too_big(function, left, right):
    """Whether computing this takes all memory, or for ever."""
    numbers = (int, float, Decimal, Fraction, AtomicInt64)
    shift = function in (operator.lshift, operator.ilshift)
    return right == 10**30 and (shift or not isinstance(left, numbers))


def pairs(function):
    for left, right in itertools.product(OPERANDS, repeat=2):
        try:
            skip = too_big(function, left(), right())
        except LookupError:
            skip = False
        if not skip:
            yield left, right


def same(one, other):
    """Whether two outcomes are the same, NaN and iterators of any kind included."""
    return one[0] is other[0] and (one[1] is other[1] or repr(one[1]) == repr(other[1]))
