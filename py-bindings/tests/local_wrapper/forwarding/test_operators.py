"""LocalWrapper: operators."""

import copy
import itertools
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from local_wrapper.operators import ARITHMETIC, COMPARISONS, IN_PLACE

from .shared import name, outcome

BINARY: list[Callable[[Any, Any], Any]] = [*ARITHMETIC, operator.pow, divmod]


class Matrix:
    """Implements all the operators of `@`, and says which was used."""

    def __matmul__(self, other: object) -> Any:
        return ("matmul", other) if isinstance(other, int) else NotImplemented

    def __rmatmul__(self, other: object) -> Any:
        return ("rmatmul", other) if isinstance(other, str) else NotImplemented

    def __imatmul__(self, other: object) -> Any:
        return ("imatmul", other)


NUMBERS: list[tuple[Any, Any]] = [
    (7, 2),
    (7, 0),
    (7, -2),
    (5.5, 2),
    (7, 2.5),
    (Fraction(1, 2), 1),
    (1, Fraction(1, 2)),
    (Decimal(3), 2),
    (1j, 2),
    ("ab", 2),
    (2, "ab"),
    ("%s", "x"),
    ([1], [2]),
    ((1,), 2),
    ([1], "x"),
    ({1}, {2}),
    ({1: 2}, {3: 4}),
    (b"a", b"b"),
    (bytearray(b"a"), b"b"),
    (Matrix(), 5),
    ("left", Matrix()),
    (5, Matrix()),
    (None, 1),
]


@pytest.mark.parametrize("function", [*BINARY, *COMPARISONS], ids=name)
@pytest.mark.parametrize(("left", "right"), NUMBERS)
def test_binary_operators(function: Callable[[Any, Any], Any], left: Any, right: Any) -> None:
    expected = outcome(function, left, right)
    assert outcome(function, LocalWrapper(left), right) == expected
    assert outcome(function, LocalWrapper(left), LocalWrapper(right)) == expected
    assert outcome(function, LocalWrapper(LocalWrapper(left)), LocalWrapper(right)) == expected
    reflected = outcome(function, left, LocalWrapper(right))
    # The left operand sees the wrapper first: it may speak of it when it refuses. Text takes all
    # that has items for the mapping that `%` can do with, old Fractions raise to any power.
    greedy = (
        (str, operator.mod),
        (bytes, operator.mod),
        (bytearray, operator.mod),
        (Fraction, operator.pow),
    )
    if reflected != expected and (type(left), function) not in greedy:
        assert reflected[0] is expected[0] is TypeError


@pytest.mark.parametrize("function", [*IN_PLACE, operator.ipow], ids=name)
@pytest.mark.parametrize(("left", "right"), NUMBERS)
@pytest.mark.parametrize("wrap", [lambda x: x, LocalWrapper], ids=["plain", "wrapped"])
def test_in_place_operators(
    function: Callable[[Any, Any], Any], left: Any, right: Any, wrap: Callable[[Any], Any]
) -> None:
    expected = outcome(function, copy.copy(left), right)
    obj = copy.copy(left)
    alias = wrapper = LocalWrapper(obj)
    kind, value = outcome(function, wrapper, wrap(right))
    if kind is LocalWrapper:
        assert value is alias is wrapper
        assert (type(wrapper.wrapped), wrapper.wrapped) == expected
        if isinstance(left, list | set | dict | bytearray):
            assert wrapper.wrapped is obj
    else:
        assert (kind, value) == expected
        assert wrapper.wrapped is obj


def test_in_place_statement() -> None:
    original = [1]
    wrapper: LocalWrapper[Any] = LocalWrapper(original)
    alias = wrapper
    wrapper += [2]
    wrapper *= 2
    assert alias is wrapper
    assert wrapper.wrapped is original == [1, 2, 1, 2]
    box: LocalWrapper[Any] = LocalWrapper(7)
    box //= 2
    assert type(box) is LocalWrapper
    assert box.wrapped == 3
    outer: LocalWrapper[Any] = LocalWrapper(box)
    outer += 1
    assert outer.wrapped is box
    assert box.wrapped == 4


def test_division_leaves_the_wrapper_alone() -> None:
    wrapper = LocalWrapper(8)
    assert (wrapper // 3, wrapper / 4) == (2, 2.0)
    assert type(wrapper // 3) is int
    assert wrapper.wrapped == 8


def test_reflected_methods_by_name() -> None:
    wrapper = LocalWrapper(3)
    assert wrapper.__radd__(8) == 11
    assert wrapper.__rsub__(8) == 5
    assert wrapper.__rpow__(2) == 8
    assert wrapper.__rpow__(2, 5) == 3
    assert wrapper.__rdivmod__(LocalWrapper(8)) == (2, 2)


def test_power_with_a_modulus() -> None:
    for wrap in itertools.product([int, LocalWrapper], repeat=3):
        base, exponent, modulus = (make(n) for make, n in zip(wrap, (2, 5, 7), strict=True))
        assert pow(base, exponent, modulus) == 4
    assert outcome(pow, LocalWrapper(2), 5, 0) == outcome(pow, 2, 5, 0)
    assert outcome(pow, LocalWrapper(2.5), 5, 7) == outcome(pow, 2.5, 5, 7)


def test_concat() -> None:
    concat: Any = operator.concat
    iconcat: Any = operator.iconcat
    assert concat(LocalWrapper([1]), LocalWrapper([2])) == [1, 2]
    wrapper = LocalWrapper([1])
    assert iconcat(wrapper, [2]) is wrapper
    assert wrapper.wrapped == [1, 2]
