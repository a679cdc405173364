"""Entries that pass by PyO3 do what its methods do.

An operator, or a method with plain arguments, takes the faster way. The method of the same name
that the class has (`AtomicInt64.__add__`), or arguments that are not plain (a subclass of int),
takes the other one.
"""

import operator

import pytest
from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    Full,
    StdConcurrentQueue,
)
from hypothesis import given
from hypothesis import strategies as st

TOP = 2**63
NUMBERS = st.one_of(
    st.integers(-TOP, TOP - 1),
    st.integers(-70, 70),
    st.sampled_from([-TOP, 1 - TOP, TOP - 1]),
)
# What the other operand may be: also what does not fit.
OTHERS = st.one_of(NUMBERS, st.sampled_from([-TOP - 1, TOP, 2**70]))

BINARY = {
    name: getattr(operator, name)
    for name in ["add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and_", "or_", "xor"]
}
IN_PLACE = {name: getattr(operator, "i" + name.rstrip("_")) for name in BINARY if name != "and_"}
IN_PLACE["and_"] = operator.iand
IN_PLACE["or_"] = operator.ior
UNARY = ["neg", "pos", "abs", "invert", "index", "int", "bool"]


class Number(int):
    """An int that is no plain one."""


def outcome(call, *args):
    try:
        return call(*args)
    except Exception as err:
        return type(err), str(err)


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


KEYS = ["a", "b" * 3, 1, -1, 2**70, b"a", "ä", Number(1), True, 1.0, (1,), None]


@given(st.lists(st.tuples(st.sampled_from(["get", "set", "del", "in"]), st.sampled_from(KEYS))))
def test_dictionary(calls):
    x, y, z = ConcurrentDict(), ConcurrentDict(), {}
    for number, (what, key) in enumerate(calls):
        if what == "get":
            one, other = outcome(operator.getitem, x, key), outcome(y.__getitem__, key)
            expected = outcome(operator.getitem, z, key)
        elif what == "set":
            one, other = outcome(operator.setitem, x, key, number), y.__setitem__(key, number)
            expected = outcome(operator.setitem, z, key, number)
        elif what == "del":
            one, other = outcome(operator.delitem, x, key), outcome(y.__delitem__, key)
            expected = outcome(operator.delitem, z, key)
        else:
            one, other, expected = key in x, y.__contains__(key), key in z
        assert one == other == expected
        assert x == y == z
        default = object()
        assert x.get(key, default) is z.get(key, default)
        assert x.get(key) == z.get(key)


def test_methods_of_the_dictionary():
    d = ConcurrentDict()
    for key in KEYS:
        assert d.setdefault(key, 5) == 5 == d.setdefault(key, 6)
        assert d.pop(key) == 5
        with pytest.raises(KeyError) as err:
            d.pop(key)
        assert err.value.args == (key,)
        assert d.pop(key, None) is None
        assert (d.add(key), d.add(key, 2), d.add(key, Number(2)), d.add(key, 0.5)) == (1, 3, 5, 5.5)
        with pytest.raises(TypeError):
            d.add(key, "x")
        assert d.pop(key) == 5.5


class Never:
    """Equal to everything with its hash, and slow to say so."""

    def __init__(self, key):
        self.key = key

    def __hash__(self):
        return hash(self.key)

    def __eq__(self, other):
        return True


@pytest.mark.parametrize("key", ["a", 1, b"a"])
def test_keys_that_have_to_be_asked(key):
    d = ConcurrentDict()
    d[Never(key)] = 1
    assert d[key] == d.get(key) == d.get(key, 2) == d.setdefault(key, 3) == 1
    assert key in d
    d[key] = 4
    assert (d.add(key), d.add(key, 2), len(d)) == (5, 7, 1)
    assert d.pop(key) == 7
    d[Never(key)] = 1
    del d[key]
    assert not d


def test_unhashable_keys():
    d = ConcurrentDict()
    for call in (d.get, d.pop, d.add, lambda key: d[key], lambda key: key in d):
        with pytest.raises(TypeError, match="unhashable"):
            call([])


@pytest.mark.parametrize("value", [True, False, 1, 0, "", [0]])
def test_flag(value):
    for flag in (AtomicFlag(True), AtomicFlag(False)):
        assert flag.exchange(value) is not None
        assert flag.get() is bool(flag) is bool(value)
        flag.set(not value)
        assert flag.compare_exchange(not value, value) is True
        assert flag.compare_exchange(not value, value) is False
        flag.set(value=value)
        assert flag.get() is bool(value)


def test_reference():
    a, b = object(), object()
    x = AtomicReference(a)
    assert x.compare_exchange(b, a) is False
    assert x.compare_exchange(a, b) is True
    assert x.compare_and_swap(a, a) is b
    assert x.compare_and_swap(b, a) is b
    assert x.exchange(b) is a
    assert x.set(a) is None
    assert x.get() is a
    for call in (x.set, x.exchange, x.compare_exchange, x.compare_and_swap):
        with pytest.raises(TypeError):
            call()
        with pytest.raises(TypeError):
            call(a, a, a)


@pytest.mark.parametrize("kind", [ConcurrentQueue, StdConcurrentQueue])
def test_queue(kind):
    q = kind()
    put, get = (q.put, q.get) if kind is StdConcurrentQueue else (q.push, q.pop)
    for n in range(200):
        put(n)
    put(200, timeout=1)
    assert [get() for _ in range(100)] == list(range(100))
    assert get(timeout=1) == 100
    q.shutdown()
    assert list(iter(q)) == list(range(101, 201)) if kind is ConcurrentQueue else get() == 101
    bounded = kind(maxsize=1)
    (bounded.put if kind is StdConcurrentQueue else bounded.push)(1)
    with pytest.raises(Full):
        (bounded.put if kind is StdConcurrentQueue else bounded.push)(2, timeout=0.001)


def test_deque_and_gathering():
    d = ConcurrentDeque([1, 2], maxlen=2)
    d.append(3)
    d.appendleft(1)
    assert (d.pop(), d.popleft()) == (2, 1)
    for call in (d.pop, d.popleft):
        with pytest.raises(IndexError):
            call()
    g = ConcurrentGatheringIterator()
    for key in (2, Number(1), 0, -1, 0.5):
        g.insert(key, key)
    assert list(g.iterator(2)) == [0, 1, 2]
    reader = g.iterator(1)
    g.insert(0, "x")
    g.fail(KeyError(5))
    assert next(reader) == "x"
    with pytest.raises(RuntimeError) as err:
        next(reader)
    assert isinstance(err.value.__cause__, KeyError)
    assert next(reader, None) is None


def test_they_are_what_they_were():
    for kind, name in [(AtomicInt64, "set"), (ConcurrentDict, "get"), (ConcurrentQueue, "pop")]:
        method = getattr(kind, name)
        assert type(method).__name__ == "method_descriptor"
        assert (method.__name__, method.__qualname__) == (name, f"{kind.__name__}.{name}")
        assert method.__doc__
        assert method.__text_signature__
        with pytest.raises(TypeError):
            method(object())
