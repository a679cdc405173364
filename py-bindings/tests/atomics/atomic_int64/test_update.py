"""AtomicInt64: update(), and functions that change the value themselves."""

import operator

import pytest
from ft_utils.concurrency import AtomicInt64
from helpers.threads import Task

from .shared import Index


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
