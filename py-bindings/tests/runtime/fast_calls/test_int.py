"""Entries that pass by PyO3: AtomicInt64."""

import operator

import pytest
from ft_utils import AtomicInt64
from hypothesis import given
from hypothesis import strategies as st

from .shared import Number, outcome

TOP = 2**63
NUMBERS = st.one_of(
    st.integers(-TOP, TOP - 1),
    st.integers(-70, 70),
    st.sampled_from([-TOP, 1 - TOP, TOP - 1]),
)
# The other operand, also of types that do not fit.
OTHERS = st.one_of(NUMBERS, st.sampled_from([-TOP - 1, TOP, 2**70]))

BINARY = {
    name: getattr(operator, name)
    for name in ["add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and_", "or_", "xor"]
}
IN_PLACE = {name: getattr(operator, "i" + name.rstrip("_")) for name in BINARY if name != "and_"}
IN_PLACE["and_"] = operator.iand
IN_PLACE["or_"] = operator.ior
UNARY = ["neg", "pos", "abs", "invert", "index", "int", "bool"]


def small(name, n):
    # A shift by billions has no result that fits into memory.
    return n % 70 if "shift" in name else n


@pytest.mark.parametrize("name", BINARY)
@given(left=NUMBERS, right=OTHERS)
def test_operators(name, left, right):
    right = small(name, right)
    method = getattr(AtomicInt64, f"__{name.rstrip('_')}__")
    reflected = getattr(AtomicInt64, f"__r{name.rstrip('_')}__")
    x = AtomicInt64(left)
    expected = outcome(BINARY[name], left, right)
    assert outcome(BINARY[name], x, right) == outcome(method, x, right) == expected
    assert outcome(BINARY[name], x, Number(right)) == expected
    if "shift" not in name:
        expected = outcome(BINARY[name], right, left)
        assert outcome(BINARY[name], right, x) == outcome(reflected, x, right) == expected
    assert x.get() == left


@pytest.mark.parametrize("name", IN_PLACE)
@given(left=NUMBERS, right=OTHERS, overflow=st.sampled_from(["raise", "wrap", "saturate"]))
def test_operators_in_place(name, left, right, overflow):
    right = small(name, right)
    method = getattr(AtomicInt64, f"__i{name.rstrip('_')}__")
    x, y, z = (AtomicInt64(left, overflow=overflow) for _ in range(3))
    plain = outcome(IN_PLACE[name], x, right)
    assert plain is x or isinstance(plain, tuple)
    for other, way in [(y, method), (z, lambda z, n: IN_PLACE[name](z, Number(n)))]:
        done = outcome(way, other, right)
        assert done == plain if isinstance(plain, tuple) else done is other
        assert other.get() == x.get()


@pytest.mark.parametrize("name", UNARY)
@given(number=NUMBERS)
def test_unary_operators(name, number):
    x = AtomicInt64(number)
    call = {"int": int, "bool": bool}.get(name) or getattr(operator, name)
    method = getattr(AtomicInt64, f"__{name}__")
    assert call(x) == method(x) == call(number)


@given(left=NUMBERS, right=OTHERS)
def test_comparisons(left, right):
    x = AtomicInt64(left)
    for name in ["lt", "le", "eq", "ne", "gt", "ge"]:
        compare, method = getattr(operator, name), getattr(AtomicInt64, f"__{name}__")
        assert compare(x, right) is method(x, right) is compare(left, right)
        assert compare(x, Number(right)) is compare(left, right)
        if abs(right) < TOP:
            assert compare(x, AtomicInt64(right)) is compare(left, right)


@pytest.mark.parametrize(
    "name", ["set", "exchange", *(n for n in dir(AtomicInt64) if "fetch" in n)]
)
@given(left=NUMBERS, right=OTHERS)
def test_methods_of_the_int(name, left, right):
    x, y = AtomicInt64(left), AtomicInt64(left)
    assert outcome(getattr(x, name), right) == outcome(getattr(y, name), Number(right))
    assert x.get() == y.get()


@given(number=NUMBERS, other=NUMBERS, new=NUMBERS)
def test_compare_exchange_of_the_int(number, other, new):
    for expected in (number, other):
        x, y = AtomicInt64(number), AtomicInt64(number)
        done = x.compare_exchange(expected, new)
        assert done is y.compare_exchange(Number(expected), Number(new)) is (number == expected)
        assert x.get() == y.get() == (new if done else number)
