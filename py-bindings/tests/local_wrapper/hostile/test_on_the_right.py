"""LocalWrapper, attacked: wrappers as the right operand."""

import itertools
import operator
import sys
from collections import UserList
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicInt64
from ft_utils.local import LocalWrapper

from local_wrapper.operators import IN_PLACE

from .shared import BINARY, LEFT, OPERANDS, outcome, pairs, same, too_big

# These see the wrapper first, and take it for what it looks like.
GREEDY = {
    (str, operator.mod): "anything can be formatted",
    (bytes, operator.mod): "anything can be formatted",
    (bytearray, operator.mod): "anything can be formatted",
    (UserList, operator.add): "anything can be a list",
    (AtomicInt64, operator.add): "takes a wrapped subclass of int for an int",
}


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_wrapper_on_the_right(function):
    for left, right in pairs(function):
        expected = outcome(function, left(), right())
        got = outcome(function, left(), LocalWrapper(right()))
        if same(got, expected) or (type(left()), function) in GREEDY:
            continue
        if expected[0] in (TypeError, AttributeError):
            # The left operand may speak of the wrapper when it refuses.
            assert got[0] is TypeError, (left(), right(), got, expected)
            continue
        pytest.fail(f"{left()!r} {function.__name__} {right()!r}: {got} is not {expected}")


@pytest.mark.parametrize("function", IN_PLACE, ids=lambda f: f.__name__)
def test_every_pair_in_place(function):
    for left, right in pairs(function):
        expected = outcome(function, left(), right())
        for wrap in (lambda x: x, LocalWrapper):
            obj = left()
            wrapper = LocalWrapper(obj)
            got = outcome(function, wrapper, wrap(right()))
            if got[0] is LocalWrapper:
                assert got[1] is wrapper
                after = type(wrapper.wrapped), wrapper.wrapped
                assert same(after, expected), (left(), right())
            else:
                assert same(got, expected), (left(), right())
                assert wrapper.wrapped is obj


def test_atomic_integer_and_a_wrapper():
    counter = AtomicInt64(5)
    assert counter + LocalWrapper(3) == 8
    assert counter * LocalWrapper("ab") == 5 * "ab"
    assert counter + LocalWrapper(2.5) == LocalWrapper(2.5) + counter == 7.5
    assert pow(counter, LocalWrapper(2), LocalWrapper(7)) == 4
    alias = counter
    counter += LocalWrapper(LocalWrapper(3))
    assert alias is counter
    assert counter.get() == counter.fetch_add(LocalWrapper(1)) == 8
    with pytest.raises(TypeError):
        counter.set(LocalWrapper("1"))


@pytest.mark.parametrize("wrap", [*itertools.product([lambda x: x, LocalWrapper], repeat=3)])
def test_power(wrap):
    one, two, three = wrap
    values = [2, -3, 2.5, Decimal(2), 1j, "x", None, LEFT]
    moduli = [None, 5, 0, "x", 2.5, Decimal(7)]
    if (3, 13) <= sys.version_info < (3, 13, 3):
        # Python itself crashes there if only the modulus is a Decimal (its issue 130230).
        moduli.pop()
    for base, exponent in itertools.product(values, repeat=2):
        for modulus in moduli:
            expected = outcome(pow, base, exponent, modulus)
            got = outcome(pow, one(base), two(exponent), three(modulus) if modulus else modulus)
            assert same(got, expected) or got[0] is expected[0] is TypeError


@pytest.mark.parametrize("kind", [int, float, complex, str, bytes, list, set, dict, Fraction])
def test_reflected_methods_by_name(kind):
    for left in OPERANDS:
        for operator_name in ("add", "sub", "mul", "mod", "or", "floordiv", "divmod", "lshift"):
            function = divmod if operator_name == "divmod" else None
            function = function or getattr(operator, operator_name.rstrip("_") + "_", None)
            function = function or getattr(operator, operator_name)
            value = kind()
            if outcome(too_big, function, left(), value)[1] is True:
                continue
            method = getattr(LocalWrapper(value), f"__r{operator_name}__")
            assert same(outcome(method, left()), outcome(function, left(), value))
