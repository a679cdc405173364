"""AtomicInt64: an int that threads change in atomic steps."""

import copy
import math
import operator
import pickle
import struct
import sys
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicInt64
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support import Task, Thing, collected, flat, run_threads, without_address

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
    """As an array of NumPy: it has the method, and is no integer."""

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


# Making one


def test_starts_at_zero():
    assert AtomicInt64().get() == 0


@pytest.mark.parametrize(
    "value", [0, 7, -7, MIN, MAX, True, MyInt(5), Index(6), AtomicInt64(8)], ids=without_address
)
def test_takes_any_integer(value):
    expected = operator.index(value)
    for atomic in (AtomicInt64(value), AtomicInt64(value=value)):
        assert type(atomic.get()) is int
        assert atomic.get() == expected


@pytest.mark.parametrize("value", TOO_LARGE, ids=without_address)
def test_refuses_large_values(value):
    with pytest.raises(OverflowError, match="64 bits"):
        AtomicInt64(value)


@pytest.mark.parametrize("value", NOT_INTEGERS, ids=without_address)
def test_refuses_other_types(value):
    with pytest.raises(TypeError, match="integer"):
        AtomicInt64(value)


def test_refuses_wrong_arguments():
    for args, kwargs in [((1, 2), {}), ((1,), {"value": 2}), ((), {"foo": 3})]:
        with pytest.raises(TypeError):
            AtomicInt64(*args, **kwargs)
    with pytest.raises(ValueError, match="'raise', 'wrap' or 'saturate'"):
        AtomicInt64(1, overflow="ignore")
    with pytest.raises(TypeError):
        AtomicInt64(1, overflow=None)
    with pytest.raises(LookupError):
        AtomicInt64(BadIndex())


# Reading and writing


def test_set_and_get():
    atomic = AtomicInt64(1)
    assert atomic.set(5) is None
    assert atomic.get() == 5
    atomic.set(AtomicInt64(6))
    assert atomic.get() == 6


def test_counting_returns_new_value():
    atomic = AtomicInt64(41)
    assert atomic.incr() == 42
    assert atomic.decr() == 41
    with pytest.raises(TypeError):
        atomic.incr(1)


def test_exchange_returns_old_value():
    atomic = AtomicInt64(1)
    assert atomic.exchange(2) == 1
    assert atomic.get() == 2


def test_compare_exchange():
    atomic = AtomicInt64(1)
    assert atomic.compare_exchange(1, 2) is True
    assert atomic.compare_exchange(1, 3) is False
    assert atomic.get() == 2


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("fetch_add", 12 + 10),
        ("fetch_sub", 12 - 10),
        ("fetch_and", 12 & 10),
        ("fetch_or", 12 | 10),
        ("fetch_xor", 12 ^ 10),
        ("fetch_max", 12),
        ("fetch_min", 10),
    ],
)
def test_fetch_returns_old_value(method, result):
    for operand in (10, Index(10), AtomicInt64(10), MyInt(10)):
        atomic = AtomicInt64(12)
        assert getattr(atomic, method)(operand) == 12
        assert atomic == result


METHODS = [
    "set",
    "exchange",
    "fetch_add",
    "fetch_sub",
    "fetch_and",
    "fetch_or",
    "fetch_xor",
    "fetch_max",
    "fetch_min",
]


@pytest.mark.parametrize("method", METHODS)
def test_bad_operand_leaves_value(method):
    atomic = AtomicInt64(10)
    call = getattr(atomic, method)
    for bad in NOT_INTEGERS:
        with pytest.raises(TypeError, match="integer"):
            call(bad)
    for bad in TOO_LARGE:
        with pytest.raises(OverflowError, match="64 bits"):
            call(bad)
    with pytest.raises(LookupError):
        call(BadIndex())
    with pytest.raises(TypeError):
        call()
    assert atomic == 10


def test_update_applies_function():
    atomic = AtomicInt64(6)
    assert atomic.update(lambda value: value * 7) == 42
    assert atomic.update(Index) == 42
    assert atomic == 42


def test_failed_update_leaves_value():
    atomic = AtomicInt64(6)
    for function, error in [
        (lambda value: 1 / 0, ZeroDivisionError),
        (lambda value: value * 2**64, OverflowError),
        (str, TypeError),
        (lambda value: None, TypeError),
        (lambda: 0, TypeError),
        (7, TypeError),
    ]:
        with pytest.raises(error):
            atomic.update(function)
        assert atomic == 6


def test_update_sees_other_writes():
    atomic = AtomicInt64(1)
    calls = []

    def function(value):
        calls.append(value)
        if len(calls) == 1:
            Task(atomic.set, 10).result()
        return value + 1

    assert atomic.update(function) == 11
    assert calls == [1, 10]


OWN_CHANGES = {
    "set": lambda a: a.set(50),
    "set another": lambda a: a.set(AtomicInt64(50)),
    "exchange": lambda a: a.exchange(50),
    "compare_exchange": lambda a: a.compare_exchange(1, 50),
    "incr": lambda a: a.incr(),
    "decr": lambda a: a.decr(),
    "update": lambda a: a.update(lambda value: value + 1),
    "handle": lambda a: a.handle().incr(),
    **{
        f"fetch_{name}": lambda a, name=name, n=operand: getattr(a, f"fetch_{name}")(n)
        for name, operand in [("add", 1), ("sub", 1), ("and", 0), ("or", 2), ("xor", 2)]
    },
    **{
        name: lambda a, name=name: getattr(operator, name)(a, 3)
        for name in ("iadd", "isub", "imul", "ifloordiv", "ilshift", "irshift", "ixor")
    },
}


@pytest.mark.parametrize("change", OWN_CHANGES.values(), ids=OWN_CHANGES.keys())
@pytest.mark.parametrize("overflow", ["raise", "wrap", "saturate"])
def test_function_may_not_change_the_value(change, overflow):
    atomic, calls = AtomicInt64(1, overflow=overflow), []

    def function(value):
        calls.append(value)
        change(atomic)
        return value + 100

    with pytest.raises(RuntimeError, match="changed the AtomicInt64"):
        atomic.update(function)
    assert calls == [1]
    assert atomic != 101


def test_function_may_read_the_value():
    atomic, other = AtomicInt64(1), AtomicInt64(1)

    def function(value):
        other.update(lambda value: value + atomic.get())
        atomic.compare_exchange(7, 8)
        # A change that is taken back is none.
        atomic.incr(), atomic.decr()
        return value + other.incr()

    assert atomic.update(function) == 4
    assert other == 3


# Operators

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


def outcome(function, *args):
    """What a call returns, or the type of what it raises."""
    try:
        return function(*args)
    except Exception as error:
        return type(error)


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


class Asked(NoIndex):
    """Answers every operator that it is asked for, as an array does."""

    def __radd__(self, other):
        return ("radd", other.get())

    def __add__(self, other):
        return ("add", other.get())

    __rmatmul__ = __rtruediv__ = __rpow__ = __radd__


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
    """What an AtomicInt64 holds after a step with this result, or the type of the error."""
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
    # Those that Python's own operator could not compute.
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


# Comparison, conversion, text


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

    # As an array, which compares its items.
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


# As an object


def test_handle_shares_the_value():
    atomic = AtomicInt64(1, overflow="wrap")
    handle = atomic.handle()
    assert handle is not atomic
    assert handle.incr() == atomic.get() == 2
    assert handle.handle().incr() == 3
    handle.set(MAX)
    assert atomic.incr() == MIN
    reference = weakref.ref(atomic)
    del atomic
    assert reference() is None
    assert handle.get() == MIN


def test_no_copies():
    class Counter(AtomicInt64):
        pass

    for atomic in (AtomicInt64(1), Counter(1)):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle"):
            copy.copy(atomic)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(atomic)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(atomic, protocol)


def test_attributes_are_refused():
    with pytest.raises(AttributeError):
        AtomicInt64(1).name = "x"


def test_subclass_has_its_own_arguments():
    class Named(AtomicInt64):
        def __new__(cls, name, start=0):
            return super().__new__(cls, start, overflow="wrap")

        def __init__(self, name, start=0):
            self.name = name

    named = Named("n", MAX)
    assert named.name == "n"
    assert named.incr() == MIN
    assert isinstance(named, AtomicInt64)


def test_weak_reference():
    atomic = AtomicInt64(1)
    reference = weakref.ref(atomic)
    assert reference() is atomic
    del atomic
    assert reference() is None


def test_subclass_with_its_own_keyword():
    class Named(AtomicInt64):
        def __init__(self, value, name="none"):
            self.name = name

    class Plain(AtomicInt64):
        pass

    named = Named(3, name="three")
    assert (named.get(), named.name) == (3, "three")
    for cls in (AtomicInt64, Plain):
        with pytest.raises(TypeError, match="unexpected keyword argument 'name'"):
            cls(3, name="three")


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle_through_subclass_is_collected():
    class Counter(AtomicInt64):
        pass

    counter = Counter(1)
    counter.itself = counter
    counter.thing = Thing()
    reference = weakref.ref(counter.thing)
    del counter
    assert collected(reference)


# Threads

THREADS, ROUNDS = 4, 2000


def test_mixed_counting_is_exact():
    atomic = AtomicInt64()

    def work(index):
        nonlocal atomic
        mine = atomic.handle() if index % 2 else atomic
        for _ in range(ROUNDS):
            mine.incr()
            mine += 5
            mine.fetch_add(AtomicInt64(2))
            mine -= 3
            mine.decr()
            mine.update(lambda value: value + 1)

    run_threads(THREADS, work)
    assert atomic == THREADS * ROUNDS * 5


def test_incr_values_are_unique():
    atomic = AtomicInt64()
    values = run_threads(THREADS, lambda _: [atomic.incr() for _ in range(ROUNDS)])
    assert sorted(flat(values)) == list(range(1, THREADS * ROUNDS + 1))


def test_compare_exchange_counts_exactly():
    atomic = AtomicInt64()

    def work(_):
        for _ in range(ROUNDS):
            seen = atomic.get()
            while not atomic.compare_exchange(seen, seen + 1):
                seen = atomic.get()

    run_threads(THREADS, work)
    assert atomic == THREADS * ROUNDS


def test_exchange_loses_nothing():
    atomic = AtomicInt64(-1)

    def work(index):
        first = index * ROUNDS
        return [atomic.exchange(value) for value in range(first, first + ROUNDS)]

    seen = flat(run_threads(THREADS, work))
    seen.append(atomic.get())
    assert sorted(seen) == list(range(-1, THREADS * ROUNDS))


def test_bits_and_extremes_are_exact():
    bits, highest, lowest, flips = AtomicInt64(), AtomicInt64(), AtomicInt64(), AtomicInt64(5)

    def work(index):
        nonlocal bits, flips
        for round in range(ROUNDS):
            bits |= 1 << (round % 15 * 4 + index)
            highest.fetch_max(round * THREADS + index)
            lowest.fetch_min(-(round * THREADS + index))
            flips ^= 1 << index
        bits.fetch_and(~(1 << index))

    run_threads(4, work)
    assert bits == sum(0b1111 << n * 4 for n in range(1, 15))
    assert highest == ROUNDS * 4 - 1
    assert lowest == 1 - ROUNDS * 4
    assert flips == 5


def test_saturation_holds_among_threads():
    atomic = AtomicInt64(MAX - 10, overflow="saturate")
    run_threads(THREADS, lambda _: [atomic.fetch_add(3) for _ in range(ROUNDS)])
    assert atomic == MAX


def test_overflow_raises_among_threads():
    atomic = AtomicInt64(MAX - ROUNDS)

    def work(_):
        done = 0
        for _ in range(ROUNDS):
            try:
                atomic.incr()
            except OverflowError:
                continue
            done += 1
        return done

    assert sum(run_threads(THREADS, work)) == ROUNDS
    assert atomic == MAX


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


def test_subscription():
    alias = AtomicInt64[int]
    assert alias.__origin__ is AtomicInt64
    assert alias(3).get() == 3
