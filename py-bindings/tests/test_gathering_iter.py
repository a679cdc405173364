"""ConcurrentGatheringIterator: values from many threads, in the order of their keys."""

import copy
import gc
import inspect
import os
import pickle
import sys
import threading
import time
import types
import weakref
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import pytest
from ft_utils.concurrency import (
    AtomicInt64,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    ShutDown,
)
from ft_utils.local import LocalWrapper
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support import LONG, Task, Thing, collected, flat, run_python, run_threads, without_address


class Mine(ConcurrentGatheringIterator):
    pass


def filled(values, *args, **kwargs):
    g = ConcurrentGatheringIterator(*args, **kwargs)
    for key, value in enumerate(values):
        g.insert(key, value)
    return g


def available(iterator):
    """What an iterator with timeout=0 yields before it would wait."""
    values = []
    with suppress(TimeoutError):
        values.extend(iterator)
    return values


def read(iterator):
    """What an iterator yields, one by one: list(iterator) loses what came before an exception."""
    values = []
    try:
        for value in iterator:
            values.append(value)
    except Exception as error:
        return values, error
    return values, None


# Making one


@pytest.mark.parametrize("scaling", [None, 0, -1, 1, 3, 10**6, True, AtomicInt64(3)])
def test_scaling_is_accepted(scaling):
    for g in (ConcurrentGatheringIterator(scaling), ConcurrentGatheringIterator(scaling=scaling)):
        for key in reversed(range(50)):
            g.insert(key, -key)
        assert list(g.iterator(49)) == [-key for key in range(50)]


def test_constructor_forms():
    assert ConcurrentGatheringIterator().window is None
    assert ConcurrentGatheringIterator(4, window=AtomicInt64(3)).window == 3
    for args, kwargs in [
        (("4",), {}),
        ((1.5,), {}),
        ((1, 2), {}),
        ((), {"foo": 1}),
        ((), {"window": "3"}),
        ((), {"window": 1.0}),
    ]:
        with pytest.raises(TypeError):
            ConcurrentGatheringIterator(*args, **kwargs)
    for window in (0, -1):
        with pytest.raises(ValueError, match="window must be positive or None, not"):
            ConcurrentGatheringIterator(window=window)
    with pytest.raises(OverflowError):
        ConcurrentGatheringIterator(window=2**64)


# Values in order


def test_in_order():
    g = ConcurrentGatheringIterator()
    for key in (2, 0, 3, 1):
        assert g.insert(key, f"value {key}") is None
    assert g.size() == 4
    iterator = g.iterator(3)
    assert iter(iterator) is iterator
    assert list(iterator) == ["value 0", "value 1", "value 2", "value 3"]
    assert next(iterator, "end") == "end"
    assert g.size() == 0


def test_keyword_names():
    g = ConcurrentGatheringIterator()
    g.insert(key=0, value="a", timeout=None)
    g.insert(0, value="b", timeout=1)
    assert list(g.iterator(max_key=0, clear=False, timeout=0)) == ["b"]
    assert list(g.iterator_local(max_key=0, clear=True, timeout=None)) == ["b"]


def test_max_key_is_inclusive():
    g = filled("abc")
    assert list(g.iterator(0, clear=False)) == ["a"]
    assert list(g.iterator(1, clear=False)) == ["a", "b"]
    assert list(g.iterator(True, clear=False)) == ["a", "b"]
    for max_key in (-1, -(10**30), -0.5, float("-inf"), float("nan")):
        assert list(g.iterator(max_key)) == []
    assert g.size() == 3


class Index:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


@pytest.mark.parametrize(
    ("max_key", "count"),
    [
        (1.0, 2),
        (1.9, 2),
        (0.0, 1),
        (-0.0, 1),
        (1e300, 3),
        (float("inf"), 3),
        (10**30, 3),
        (2**63 - 1, 3),
        (2**64 - 1, 3),
        (Index(1), 2),
        (Index(10**30), 3),
        (Index(-(10**30)), 0),
        (Fraction(3, 2), 2),
        (Decimal("1.5"), 2),
        (AtomicInt64(1), 2),
    ],
    ids=without_address,
)
def test_any_number_is_a_bound(max_key, count):
    g = filled("abc")
    assert read(g.iterator(max_key, timeout=0))[0] == list("abc")[:count]


def test_bad_arguments_are_refused_at_the_call():
    class Odd:
        def __index__(self):
            raise LookupError

        def __bool__(self):
            raise LookupError

    g = filled("a")
    for method in (g.iterator, g.iterator_local):
        for bad in (None, "3", [], 1j):
            with pytest.raises(TypeError, match="max_key must be a number, not"):
                method(bad)
        with pytest.raises(LookupError):
            method(Odd())
        with pytest.raises(LookupError):
            method(1, Odd())
        for args, kwargs in [((), {}), ((1, True, 1, 1), {}), ((1,), {"maximum": 3})]:
            with pytest.raises(TypeError):
                method(*args, **kwargs)
    for call in (g.insert, lambda: g.insert(1), lambda: g.insert(1, 2, 3, 4), g.fail):
        with pytest.raises(TypeError):
            call()
    assert g.failure is None
    assert list(g.iterator(0)) == ["a"]


class OddFloat:
    def __float__(self):
        raise LookupError


TIMEOUTS = [
    ("x", TypeError),
    ([], TypeError),
    (1j, TypeError),
    (-1, ValueError),
    (-0.001, ValueError),
    (float("nan"), ValueError),
    (OddFloat(), LookupError),
    (10**400, OverflowError),
]


@pytest.mark.parametrize(("timeout", "error"), TIMEOUTS, ids=without_address)
def test_bad_timeouts(timeout, error):
    g = filled("a")
    with pytest.raises(error):
        g.iterator(0, True, timeout)
    with pytest.raises(error):
        g.iterator_local(0, timeout=timeout)
    with pytest.raises(error):
        g.insert(0, "b", timeout)
    assert g.failure is None
    assert list(g.iterator(0)) == ["a"]


@pytest.mark.parametrize("timeout", [None, 0, 1.5, True, float("inf"), 1e300, 10**30])
def test_any_timeout_when_there_is_a_value(timeout):
    g = filled("ab", window=3)
    g.insert(2, "c", timeout)
    assert list(g.iterator(2, timeout=timeout)) == ["a", "b", "c"]


def test_values_of_any_kind():
    values = [None, 0, StopIteration(), StopIteration, TimeoutError(), [], int]
    g = filled(values)
    for one, other in zip(values, g.iterator(len(values) - 1), strict=True):
        assert one is other


def test_nothing_is_lost_before_the_first_next():
    g = filled("ab")
    iterator = g.iterator(1)
    assert g.size() == 2
    del iterator
    assert list(g.iterator(1)) == ["a", "b"]


def test_clearing_takes_the_value_before_it_is_yielded():
    g = filled("ab")
    iterator = g.iterator(1)
    assert next(iterator) == "a"
    iterator.close()
    assert list(iterator) == []
    assert g.size() == 1
    assert available(g.iterator(1, timeout=0)) == []


@pytest.mark.parametrize("clear", [False, 0, "", None])
def test_not_clearing(clear):
    g = filled("abc")
    for _ in range(3):
        assert list(g.iterator(2, clear)) == ["a", "b", "c"]
    assert g.size() == 3
    assert list(g.iterator(2, "yes")) == ["a", "b", "c"]
    assert g.size() == 0


def test_each_call_starts_at_0():
    g = filled("abc")
    one, other = g.iterator(2, False), g.iterator(2, False)
    assert [next(one), next(one), next(other), next(one)] == ["a", "b", "a", "c"]


def test_keys_are_used_again():
    g = ConcurrentGatheringIterator()
    for turn in range(3):
        for key in range(5):
            g.insert(key, (turn, key))
        assert list(g.iterator(4)) == [(turn, key) for key in range(5)]


def test_later_value_replaces():
    g = filled("ab")
    thing = Thing()
    reference = weakref.ref(thing)
    g.insert(1, thing)
    del thing
    g.insert(1, "c")
    assert reference() is None
    assert list(g.iterator(1)) == ["a", "c"]


# Keys


class Same(int):
    pass


class Other(int):
    """Is not equal to the number it is."""

    def __hash__(self):
        return 12345

    def __eq__(self, other):
        return self is other


class Three:
    def __hash__(self):
        return 3

    def __eq__(self, other):
        return other == 3


@pytest.mark.parametrize(
    "key",
    [3, 3.0, 3 + 0j, Same(3), Fraction(3), Decimal(3), LocalWrapper(3), Three()],
    ids=without_address,
)
def test_equal_keys_collide(key):
    g = ConcurrentGatheringIterator()
    for n in range(3):
        g.insert(n, n)
    g.insert(3, "before")
    g.insert(key, "after")
    assert list(g.iterator(3)) == [0, 1, 2, "after"]


def test_bools_are_keys():
    g = ConcurrentGatheringIterator()
    g.insert(True, "b")
    g.insert(False, "a")
    assert list(g.iterator(1)) == ["a", "b"]


@pytest.mark.parametrize(
    "key",
    [-1, -(2**63), 2**63, 2**64, 2**64 + 1, 10**30, -(10**30), 2**61, 0.5, float("nan"), None, "0"]
    + [(), (0,), 1j, b"", frozenset(), object(), Other(0), int],
    ids=without_address,
)
def test_keys_that_are_never_read(key):
    g = ConcurrentGatheringIterator(window=2)
    thing = Thing()
    reference = weakref.ref(thing)
    if key == 2**61:
        # That many would have to be read before.
        with pytest.raises(TimeoutError):
            g.insert(key, thing, 0)
    else:
        assert g.insert(key, thing) is None
    del thing
    assert reference() is None
    assert g.size() == 0
    g.insert(0, "a"), g.insert(1, "b")
    assert list(g.iterator(1)) == ["a", "b"]
    assert g.failure is None


def test_huge_keys_are_no_small_ones():
    g = ConcurrentGatheringIterator()
    modulus = sys.hash_info.modulus
    for n in range(3):
        # Have the same hash.
        g.insert(n + modulus, "huge")
        g.insert(float(2**80), "huge")
    assert available(g.iterator(2, timeout=0)) == []


class BadHash:
    def __init__(self, error):
        self.error = error

    def __hash__(self):
        raise self.error


class BadEqual(BadHash):
    def __hash__(self):
        return 0

    def __eq__(self, other):
        raise self.error


def test_key_may_use_the_object():
    g = ConcurrentGatheringIterator()

    class Busy:
        def __hash__(self):
            g.insert(1, "from the hash")
            return 0

        def __eq__(self, other):
            g.insert(2, "from the comparison")
            return other == 0

    g.insert(Busy(), "value")
    assert list(g.iterator(2)) == ["value", "from the hash", "from the comparison"]


# Failure


def test_failed_insert_marks_failure():
    for key, kind in [
        ([], TypeError),
        ({}, TypeError),
        (AtomicInt64(), TypeError),
        (BadHash(LookupError("x")), LookupError),
        (BadEqual(LookupError("x")), LookupError),
    ]:
        g = filled("ab")
        with pytest.raises(kind) as caught:
            g.insert(key, "value")
        assert g.failure is caught.value
        values, error = read(g.iterator(5))
        assert values == ["a", "b"]
        assert type(error) is RuntimeError
        assert error.__cause__ is caught.value


def test_base_exceptions_mark_nothing():
    for error in (KeyboardInterrupt(), SystemExit(), GeneratorExit()):
        g = ConcurrentGatheringIterator()
        for key in (BadHash(error), BadEqual(error)):
            with pytest.raises(type(error)):
                g.insert(key, 1)
        assert g.failure is None
        assert available(g.iterator(1, timeout=0)) == []


@pytest.mark.parametrize("clear", [True, False])
def test_failure_is_noticed_by_whoever_has_to_wait(clear):
    g = filled("abc")
    early = g.iterator(3, clear)
    g.fail(LookupError("x"))
    g.insert(4, "beyond the gap")
    assert next(early) == "a"
    values, error = read(early)
    assert values == ["b", "c"]
    assert isinstance(error.__cause__, LookupError)
    # After the error it is finished.
    assert list(early) == []
    late, error = read(g.iterator(4, clear))
    assert late == ([] if clear else ["a", "b", "c"])
    assert isinstance(error, RuntimeError)
    # Insertion goes on, and who misses nothing does not notice.
    for key in range(4):
        g.insert(key, key)
    assert read(g.iterator(4, clear)) == ([0, 1, 2, 3, "beyond the gap"], None)


class Odd(Exception):
    """Has a text that is asked for by the thread that fails, and by no reader."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def __str__(self):
        return self.tell()


def raising(error):
    def refuse():
        raise error

    return refuse


@pytest.mark.parametrize("clear", [True, False])
def test_errors_name_key_and_cause(clear):
    g = filled("ab", window=4)
    reader = g.iterator(9, clear, timeout=0)
    assert available(reader) == ["a", "b"]
    with pytest.raises(TimeoutError, match=r"^the value of key 2 is missing$"):
        next(reader)
    with pytest.raises(TimeoutError, match=r"^key 100 is beyond the window$"):
        g.insert(100, 1, 0)
    g.fail(LookupError("x"))
    with pytest.raises(RuntimeError) as caught:
        next(reader)
    text = "the value of key 2 is missing, and gathering has failed: LookupError: x"
    assert str(caught.value) == text
    with pytest.raises(RuntimeError) as caught:
        g.insert(100, 1)
    text = "key 100 is beyond the window, and gathering has failed: LookupError: x"
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "tell, end",
    [
        (lambda: "", ""),
        (lambda: None, ""),
        (lambda: "\ud800", ": .*"),
        (raising(LookupError()), ""),
        (lambda: "odd", ": odd"),
    ],
)
def test_odd_texts_of_causes(tell, end):
    g = ConcurrentGatheringIterator()
    g.fail(Odd(tell))
    with pytest.raises(RuntimeError, match=f"key 0 is missing, .* failed: Odd{end}$"):
        next(g.iterator(0))


def test_text_of_a_cause_that_is_interrupted():
    # A signal, say: it is not lost, and neither is the failure.
    g = ConcurrentGatheringIterator()
    with pytest.raises(KeyboardInterrupt):
        g.fail(Odd(raising(KeyboardInterrupt())))
    assert isinstance(g.failure, Odd)
    g = ConcurrentGatheringIterator()
    with pytest.raises(KeyboardInterrupt):
        g.insert(BadHash(Odd(raising(KeyboardInterrupt()))), 1)
    assert isinstance(g.failure, Odd)


def test_first_failure_stays():
    g = ConcurrentGatheringIterator()
    first = LookupError()
    assert g.fail(first) is None
    g.fail(ValueError())
    with pytest.raises(TypeError):
        g.insert([], 1)
    assert g.failure is first
    g.close()
    assert not g.closed
    assert read(g.iterator(0))[1].__cause__ is first


def test_failure_is_forgotten():
    g = ConcurrentGatheringIterator()
    assert g.clear_failure() is None
    error = LookupError()
    g.fail(error)
    assert g.clear_failure() is error
    assert g.failure is None
    assert available(g.iterator(1, timeout=0)) == []
    task = Task(list, g.iterator(0)).until_asleep()
    g.insert(0, "a")
    assert task.result() == ["a"]
    g.fail(ValueError())
    assert isinstance(g.failure, ValueError)


@pytest.mark.parametrize("bad", [None, "text", 3, LookupError, BaseException])
def test_failure_is_an_exception(bad):
    g = ConcurrentGatheringIterator()
    with pytest.raises(TypeError, match="exception must be an exception, not"):
        g.fail(bad)
    assert g.failure is None
    g.fail(exception=KeyboardInterrupt())
    assert isinstance(g.failure, KeyboardInterrupt)
    assert isinstance(read(g.iterator(0))[1], RuntimeError)


def test_each_reader_gets_an_error_of_its_own():
    g = ConcurrentGatheringIterator()
    g.fail(LookupError())
    errors = run_threads(4, lambda _: read(g.iterator(0))[1])
    assert len({id(error) for error in errors}) == 4
    assert {error.__cause__ for error in errors} == {g.failure}


# Closing


def test_close():
    g = filled("ab")
    g.insert(3, "beyond the gap")
    iterator = g.iterator(9, False)
    assert not g.closed
    assert g.close() is None
    g.close()
    assert g.closed
    assert list(iterator) == ["a", "b"]
    assert list(g.iterator(9)) == ["a", "b"]
    assert list(g.iterator(9)) == []
    assert g.size() == 1
    for key in (2, 0, -1, "x", 2**64):
        with pytest.raises(ShutDown):
            g.insert(key, 1)
    with pytest.raises(TypeError):
        g.insert([], 1)
    g.fail(LookupError())
    assert g.failure is None
    assert list(g.iterator(9)) == []


def test_closing_an_iterator():
    g = filled("abc")
    iterator = g.iterator(2)
    assert next(iterator) == "a"
    assert iterator.close() is None
    iterator.close()
    assert list(iterator) == []
    g.insert(0, "new")
    assert list(g.iterator(2)) == ["new", "b", "c"]


# Timeouts


@pytest.mark.parametrize("clear", [True, False])
def test_timeout(clear):
    g = filled("a")
    for timeout in (0, 0.0, False, 0.001):
        iterator = g.iterator(1, clear, timeout)
        assert next(iterator) == "a"
        for _ in range(3):
            with pytest.raises(TimeoutError):
                next(iterator)
        if clear:
            g.insert(0, "a")
    # It goes on where it was.
    g.insert(1, "b")
    assert list(iterator) == ["b"]


@pytest.mark.parametrize("timeout", [0.001, 0.05, 0.12])
def test_timeout_is_not_cut_short(timeout):
    g = ConcurrentGatheringIterator(window=1)
    iterator = g.iterator(1, timeout=timeout)
    for call in (lambda: next(iterator), lambda: g.insert(1, 1, timeout)):
        for _ in range(2):
            start = time.monotonic()
            with pytest.raises(TimeoutError):
                call()
            # The clocks may differ by a tick.
            assert time.monotonic() - start >= timeout - 0.0005
    assert g.failure is None


def test_timeout_is_for_each_value():
    g = ConcurrentGatheringIterator()
    iterator = g.iterator(2, timeout=LONG)
    task = Task(list, iterator)
    for key in range(3):
        task.until_asleep()
        g.insert(key, key)
    assert task.result() == [0, 1, 2]


# The window


def test_window():
    g = ConcurrentGatheringIterator(window=2)
    g.insert(1, "b"), g.insert(0, "a")
    for key in (2, 3, 2**62):
        with pytest.raises(TimeoutError):
            g.insert(key, "c", 0)
        with pytest.raises(TimeoutError):
            g.insert(key, "c", timeout=0.001)
    assert list(g.iterator(1, clear=False)) == ["a", "b"]
    with pytest.raises(TimeoutError):
        g.insert(2, "c", 0)
    iterator = g.iterator(9)
    assert next(iterator) == "a"
    g.insert(2, "c", 0)
    with pytest.raises(TimeoutError):
        g.insert(3, "d", 0)
    assert g.size() == 2
    assert next(iterator) == "b"
    g.insert(3, "d", 0)
    g.insert(0, "again", 0)
    iterator.close()
    # Begins at 0 again.
    with pytest.raises(TimeoutError):
        g.insert(2, "c", 0)
    assert g.failure is None


def test_producers_that_wait_for_room():
    g = ConcurrentGatheringIterator(window=1)
    tasks = [Task(g.insert, key, key).until_asleep() for key in (3, 1, 2)]
    assert not any(task.is_done() for task in tasks)
    g.insert(0, 0)
    assert list(g.iterator(3)) == [0, 1, 2, 3]
    for task in tasks:
        assert task.result() is None


def test_end_wakes_producers():
    for end, kind in [
        (lambda g: g.close(), ShutDown),
        (lambda g: g.fail(LookupError()), RuntimeError),
    ]:
        g = ConcurrentGatheringIterator(window=1)
        things = [Thing(), Thing()]
        references = [weakref.ref(thing) for thing in things]
        tasks = [Task(g.insert, n + 5, thing, n or None) for n, thing in enumerate(things)]
        tasks[0].until_asleep()
        end(g)
        with pytest.raises(kind) as caught:
            tasks[0].result()
        if kind is RuntimeError:
            assert isinstance(caught.value.__cause__, LookupError)
        with pytest.raises((kind, TimeoutError)):
            tasks[1].result()
        with pytest.raises(kind):
            g.insert(1, 1, 0)
        del things, tasks, caught
        gc.collect()
        assert [reference() for reference in references] == [None, None]


def test_memory_stays_bounded():
    g = ConcurrentGatheringIterator(window=10)
    most = 0

    def work(index):
        nonlocal most
        if index:
            for key in range(index - 1, 2000, 3):
                g.insert(key, key)
            return None
        values = []
        for value in g.iterator(1999):
            most = max(most, g.size())
            values.append(value)
        return values

    assert run_threads(4, work)[0] == list(range(2000))
    assert 1 <= most <= 10


# LocalWrapper


def test_iterator_local():
    values = [[1], None, "c"]
    g = filled(values)
    iterator = g.iterator_local(2, clear=False)
    wrapped = list(iterator)
    assert all(type(one) is LocalWrapper for one in wrapped)
    assert all(one.wrapped is value for one, value in zip(wrapped, values, strict=True))
    assert list(g.iterator_local(2)) == values
    assert g.size() == 0
    with pytest.raises(TimeoutError):
        next(g.iterator_local(0, timeout=0))


def test_through_a_wrapper():
    g = LocalWrapper(ConcurrentGatheringIterator())
    g.insert(0, "a")
    assert list(g.iterator(0)) == ["a"]


# As an object


def test_not_a_container():
    g = filled("a")
    for call in (
        lambda: iter(g),
        lambda: len(g),
        lambda: next(g),
        lambda: 0 in g,
        lambda: g[0],
        lambda: g < g,
    ):
        with pytest.raises(TypeError):
            call()
    assert g
    assert g == g
    assert g != ConcurrentGatheringIterator()
    assert {g: 1}[g] == 1


def test_repr():
    g = filled("ab")
    assert repr(g) == str(g) == "<ConcurrentGatheringIterator with 2 values>"
    g.insert(2, g)
    g.fail(LookupError())
    assert repr(g) == "<ConcurrentGatheringIterator with 3 values, failed>"
    g.clear_failure()
    g.close()
    assert repr(g) == "<ConcurrentGatheringIterator with 3 values, closed>"
    assert repr(Mine()) == "<Mine with 0 values>"
    list(g.iterator(2))


def test_handle():
    g = ConcurrentGatheringIterator(window=3)
    handle = g.handle()
    handle.insert(0, "a")
    g.insert(1, "b")
    other = handle.handle()
    iterator = handle.iterator(9)
    del g, handle
    gc.collect()
    assert other.window == 3
    assert next(iterator) == "a"
    other.close()
    assert other.closed
    assert list(iterator) == ["b"]


def test_subclass_has_its_own_arguments():
    class Named(ConcurrentGatheringIterator):
        def __init__(self, name, *, start=()):
            super().__init__(window=5)
            self.name = name
            for key, value in enumerate(start):
                self.insert(key, value)

    g = Named("n", start="ab")
    assert g.name == "n"
    assert g.window == 5
    assert list(g.iterator(1)) == ["a", "b"]


def test_subclass_that_forgets():
    class Forgets(ConcurrentGatheringIterator):
        def __init__(self):
            pass

    g = Forgets()
    assert repr(g) == "<Forgets, not initialized>"
    for call in (
        lambda: g.insert(1, 1),
        lambda: g.insert([], 1),
        lambda: g.iterator(1),
        lambda: g.iterator_local(1),
        lambda: g.fail(LookupError()),
        g.close,
        g.clear_failure,
        g.size,
        g.handle,
        lambda: g.window,
        lambda: g.closed,
        lambda: g.failure,
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    gc.collect()


def test_second_init_changes_nothing():
    g = filled("ab", window=3)
    g.__init__()
    assert g.window == 3
    assert list(g.iterator(1)) == ["a", "b"]


def test_open_for_attributes():
    g = ConcurrentGatheringIterator()
    g.note = 3
    assert vars(g) == {"note": 3}


@pytest.mark.thread_unsafe(reason="changes the class")
def test_aliases_on_the_class():
    ConcurrentGatheringIterator.put = ConcurrentGatheringIterator.insert
    try:
        g = ConcurrentGatheringIterator()
        g.put(0, 1)
        assert list(g.iterator(0)) == [1]
    finally:
        del ConcurrentGatheringIterator.put


def test_subscription():
    alias = ConcurrentGatheringIterator[int]
    assert isinstance(alias, types.GenericAlias)
    assert alias.__args__ == (int,)
    assert alias(4, window=1).window == 1


def test_no_copies():
    for g in (ConcurrentGatheringIterator(), Mine()):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle\(\)"):
            copy.copy(g)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(g)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(g, protocol)
        for call in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError):
                call(g.iterator(1))


def test_class_is_found_and_documented():
    kind = ConcurrentGatheringIterator
    assert kind.__module__ == "ft_utils.concurrency"
    assert pickle.loads(pickle.dumps(kind)) is kind
    reader = type(kind().iterator(0))
    with pytest.raises(TypeError):
        reader()
    for one in (kind, reader):
        assert inspect.getdoc(one)
        for name, member in vars(one).items():
            if not name.startswith("_"):
                assert member.__doc__, name
    for name, text in [
        ("insert", "(self, /, key, value, timeout=None)"),
        ("iterator", "(self, /, max_key, clear=True, timeout=None)"),
        ("iterator_local", "(self, /, max_key, clear=True, timeout=None)"),
        ("fail", "(self, /, exception)"),
        ("close", "(self, /)"),
        ("size", "(self, /)"),
        ("handle", "(self, /)"),
        ("clear_failure", "(self, /)"),
    ]:
        assert str(inspect.signature(getattr(kind, name))) == text
    assert str(inspect.signature(kind)) == "(scaling=None, *, window=None)"


def test_weak_references():
    g = ConcurrentGatheringIterator()
    iterator = g.iterator(1)
    references = weakref.ref(g), weakref.ref(iterator)
    del g
    assert references[0]() is not None
    del iterator
    assert [one() for one in references] == [None, None]


def test_values_die_promptly():
    thing = Thing()
    reference = weakref.ref(thing)
    g = filled([thing, thing])
    del thing
    iterator = g.iterator(1)
    next(iterator)
    assert reference() is not None
    next(iterator)
    # The iterator does not hold what it has yielded.
    assert reference() is None
    g.insert(0, Thing())
    (thing,) = g.iterator(0, clear=False)
    reference = weakref.ref(thing)
    del thing
    assert reference() is not None
    del g, iterator
    assert reference() is None


def test_death_may_use_the_object():
    g = ConcurrentGatheringIterator()
    heard = []

    def at_death():
        heard.append(g.size())
        g.insert(0, "from the dead")

    g.insert(0, Thing(at_death))
    g.insert(0, "alive")
    assert heard == [1]
    assert list(g.iterator(0)) == ["from the dead"]
    g.insert(-1, Thing(at_death))
    assert heard == [1, 0]


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    value, key, error = object(), "key", LookupError()

    def work():
        g = ConcurrentGatheringIterator(window=4)
        for n in range(4):
            g.insert(n, value), g.insert(n, value)
        for _ in (g.iterator(3, False), g.iterator_local(3, False)):
            list(_)
        for timeout in (0, 0.0001):
            with pytest.raises(TimeoutError):
                g.insert(4, value, timeout)
        iterator = g.iterator(9, timeout=0)
        assert len(available(iterator)) == 4
        g.insert(key, value), g.insert(-1, value)
        g.fail(error), g.fail(error), g.clear_failure(), g.fail(error)
        read(iterator), read(g.iterator(3))
        g.handle().insert(0, value)
        closed = filled([value])
        closed.close()
        with pytest.raises(ShutDown):
            closed.insert(1, value)

    work()
    gc.collect()
    before = [sys.getrefcount(one) for one in (value, key, error)]
    for _ in range(50):
        work()
    gc.collect()
    assert [sys.getrefcount(one) for one in (value, key, error)] == before


def add_own_failure(g):
    with suppress(TypeError):
        g.insert([], 1)


TIES = {
    "value": lambda g: g.insert(1, g),
    "values": lambda g: [g.insert(n, [g]) for n in range(1, 70)],
    "handle": lambda g: g.insert(1, g.handle()),
    "handle's handle": lambda g: g.handle().insert(1, g.handle().handle()),
    "iterator": lambda g: g.insert(1, g.iterator(5)),
    "used iterator": lambda g: g.insert(1, [it := g.iterator_local(5, False, 0), next(it)]),
    "attribute": lambda g: setattr(g, "itself", g),
    "failure": lambda g: g.fail(LookupError(g)),
    "own failure": add_own_failure,
}


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [ConcurrentGatheringIterator, Mine])
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    g = kind()
    thing = Thing()
    g.insert(0, thing)
    reference = weakref.ref(thing)
    tie(g)
    del g, thing
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    g = ConcurrentGatheringIterator()
    handles = [g.handle() for _ in range(5)]
    for n in range(300):
        g.insert(n, [Thing(), g, handles[n % 5]])
    error = LookupError(g)
    g.fail(error)
    for n, value in enumerate(g.iterator(299)):
        if n % 50 == 0:
            gc.collect()
        thing, one, handle = value
        assert isinstance(thing, Thing)
        assert one is g
        assert handle is handles[n % 5]
    assert g.failure is error
    assert gc.is_tracked(g)


def test_collector_meets_objects_in_the_making():
    run_python(
        "import gc\n"
        "from ft_utils import ConcurrentGatheringIterator as G\n"
        "class M(G): pass\n"
        "gc.set_threshold(1)\n"
        "for make in G, G().handle, M, M().handle, lambda: G().iterator(3):\n"
        "    made = [make() for _ in range(500)]\n"
    )


@pytest.mark.parametrize("nest", ["y.insert(0, x)", "y.insert(0, [x])", "y.own = x"])
def test_deep_nesting(nest):
    run_python(
        "from ft_utils import ConcurrentGatheringIterator as G\n"
        "x = None\n"
        f"for _ in range(1000): y = G(1); {nest}; x = y\n"
        "del x, y\n"
    )


# Threads

COUNT = 3000


def produce(g, first, step, count=COUNT):
    for key in range(first, count, step):
        g.insert(key, key)


@pytest.mark.parametrize("window", [None, 1, 5])
@pytest.mark.parametrize("clear", [True, False])
def test_one_reader(window, clear):
    if window and not clear:
        pytest.skip("only clearing makes room")
    g = ConcurrentGatheringIterator(window=window)

    def work(index):
        mine = g.handle()
        return list(mine.iterator(COUNT - 1, clear)) if index == 3 else produce(mine, index, 3)

    assert run_threads(4, work)[3] == list(range(COUNT))
    assert g.size() == (0 if clear else COUNT)


def test_many_readers_see_all():
    g = ConcurrentGatheringIterator()

    def work(index):
        return list(g.iterator(COUNT - 1, False)) if index else produce(g, 0, 1)

    assert run_threads(4, work)[1:] == [list(range(COUNT))] * 3


@pytest.mark.parametrize("window", [None, 3])
def test_clearing_readers_share(window):
    for _ in range(5):
        g = ConcurrentGatheringIterator(window=window)
        # In progress before anything is there.
        iterators = [g.iterator(COUNT - 1, timeout=0) for _ in range(2)]
        assert [available(iterator) for iterator in iterators] == [[], []]

        def work(index, g=g, iterators=iterators):
            if index < 2:
                return produce(g, index, 2)
            values = []
            while True:
                try:
                    for value in iterators[index - 2]:
                        values.append(value)
                except TimeoutError:
                    time.sleep(0)
                else:
                    return values

        results = run_threads(4, work)[2:]
        assert all(result == sorted(result) for result in results)
        assert sorted(flat(results)) == list(range(COUNT))
        assert g.size() == 0


def test_clearing_readers_that_wait():
    g = ConcurrentGatheringIterator()
    # The last one is asleep before there is a value, so they are all in progress.
    tasks = [Task(list, g.iterator(COUNT - 1)).until_asleep() for _ in range(3)]
    produce(g, 0, 1)
    results = [task.result() for task in tasks]
    assert all(result == sorted(result) for result in results)
    assert sorted(flat(results)) == list(range(COUNT))


def test_clearing_readers_end_by_closing():
    for _ in range(20):
        g = filled(range(200))
        g.close()
        # Whether or not they are in progress together.
        results = run_threads(3, lambda _, g=g: list(g.iterator(199)))
        assert sorted(flat(results)) == list(range(200))


def test_reader_that_gives_up_leaves_the_rest():
    g = filled(range(10))
    one, other = g.iterator(9), g.iterator(9)
    assert list(islice(one, 3)) == [0, 1, 2]
    assert list(islice(other, 3)) == [3, 4, 5]
    one.close()
    g.insert(0, "new")
    assert list(other) == [6, 7, 8, 9]
    assert list(g.iterator(0)) == ["new"]


def test_abandoned_iterator_is_not_in_progress():
    g = filled("ab")
    iterator = g.iterator(5)
    assert next(iterator) == "a"
    iterator = g.iterator(5, timeout=0)
    # The first one is gone, so key 0 is waited for.
    assert available(iterator) == []
    g.insert(0, "new")
    assert available(iterator) == ["new", "b"]


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize("local", [True, False])
def test_one_iterator_in_many_threads(clear, local):
    g = ConcurrentGatheringIterator()
    iterator = (g.iterator_local if local else g.iterator)(COUNT - 1, clear)

    def work(index):
        return list(iterator) if index else produce(g, 0, 1)

    results = run_threads(4, work)[1:]
    assert all(result == sorted(result) for result in results)
    assert sorted(flat(results)) == list(range(COUNT))


def test_insert_wakes_whoever_waits_for_it():
    g = ConcurrentGatheringIterator()
    tasks = [Task(list, g.iterator(n, clear=False)).until_asleep() for n in range(3)]
    for key in (2, 1):
        g.insert(key, key)
    assert not any(task.is_done() for task in tasks)
    g.insert(0, 0)
    assert [task.result() for task in tasks] == [[0], [0, 1], [0, 1, 2]]


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="no /proc")
def test_waiting_takes_no_time():
    # The reference looks 100 times a second, and is woken by every insertion.
    g = ConcurrentGatheringIterator()
    task = Task(list, g.iterator(0)).until_asleep()
    status = f"/proc/self/task/{task._thread.native_id}/status"

    def switches():
        with open(status) as file:
            return next(line for line in file if line.startswith("voluntary"))

    before = switches()
    for key in range(1, 1000):
        g.insert(key, key)
    time.sleep(0.2)
    # On a GIL build too: it does not wait for the GIL.
    assert switches() == before
    g.insert(0, 0)
    assert task.result() == [0]


def test_end_wakes_readers():
    for end, kind in [
        (lambda g: g.close(), type(None)),
        (lambda g: g.fail(LookupError()), RuntimeError),
        (add_own_failure, RuntimeError),
    ]:
        g = filled("a")
        iterators = [
            g.iterator(5, False),
            g.iterator(5, False, 1000),
            g.iterator_local(5, False),
            g.handle().iterator(5, False),
        ]
        tasks = [Task(read, iterator).until_asleep() for iterator in iterators]
        end(g)
        for task in tasks:
            values, error = task.result()
            assert values == ["a"]
            assert type(error) is kind


def test_value_and_end_at_once():
    # What was inserted before the end is read before it.
    for _ in range(50):
        g = ConcurrentGatheringIterator()
        tasks = [Task(read, g.iterator(5, False)) for _ in range(2)]
        g.insert(0, "a")
        g.fail(LookupError())
        for task in tasks:
            values, error = task.result()
            assert values == ["a"]
            assert isinstance(error, RuntimeError)


def test_closing_an_iterator_wakes_its_threads():
    g = ConcurrentGatheringIterator()
    iterator = g.iterator(5)
    tasks = [Task(list, iterator).until_asleep() for _ in range(2)]
    iterator.close()
    assert [task.result() for task in tasks] == [[], []]


def test_short_timeouts_among_threads():
    g = ConcurrentGatheringIterator(window=3)

    def work(index):
        if index < 2:
            for key in range(index, COUNT, 2):
                while True:
                    try:
                        g.insert(key, key, 0.0002)
                        break
                    except TimeoutError:
                        pass
            return []
        values, iterator = [], iterators[index - 2]
        while True:
            try:
                for value in iterator:
                    values.append(value)
            except TimeoutError:
                continue
            return values

    iterators = [g.iterator(COUNT - 1, timeout=0.0002) for _ in range(2)]
    assert [available(iterator) for iterator in iterators] == [[], []]
    results = run_threads(4, work)
    assert sorted(flat(results)) == list(range(COUNT))


def test_insert_among_closes():
    for _ in range(100):
        g, done = ConcurrentGatheringIterator(), []

        def work(index, g=g, done=done):
            if index == 0:
                g.close()
                return []
            if index == 1:
                return list(g.iterator(9))
            with suppress(ShutDown):
                for key in range(10):
                    g.insert(key, key)
                    done.append(key)
            return []

        values = run_threads(3, work)[1]
        assert values == done
        assert g.size() == 0


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    g, stop = ConcurrentGatheringIterator(window=100), threading.Event()

    def work(mine):
        key = 0
        while not stop.is_set():
            with suppress(TimeoutError):
                mine.insert(key % 150, [Thing(), mine, mine.iterator(3)], 0.001)
            key += 1
            if key % 50 == 0:
                available(mine.iterator(150, timeout=0))

    tasks = [Task(work, g.handle()) for _ in range(2)]
    waiter = Task(available, ConcurrentGatheringIterator().iterator(0, timeout=0.5))
    try:
        for _ in range(40):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    assert waiter.result() == []
    thing = Thing()
    reference = weakref.ref(thing)
    g.insert(0, [thing, g])
    del thing, tasks, task, g
    assert collected(reference)


def test_many_short_lives():
    def work(_):
        for n in range(200):
            g = filled([[n]] * (n % 30))
            handle = g.handle()
            iterator = handle.iterator(30)
            del g
            handle.insert(n % 30, handle)
            handle.close()
            assert len(list(iterator)) == n % 30 + 1
        return True

    assert all(run_threads(4, work))


# Against a plain model


class LikeModel(RuleBasedStateMachine):
    """Whatever is done to both, one reader at a time sees the same."""

    window = 6

    def __init__(self):
        super().__init__()
        self.ours = ConcurrentGatheringIterator(window=self.window)
        self.values: dict = {}
        self.iterator, self.position, self.clear, self.max_key = None, 0, False, 0
        self.taken = 0
        self.failed = self.closed = False

    @rule(
        key=st.one_of(
            st.integers(-2, 12),
            st.sampled_from([True, 2.0, 2.5, "x", None, 2**70, Fraction(4), 1 + 0j]),
        ),
        value=st.integers(),
    )
    def insert(self, key, value):
        number = next((n for n in range(13) if n == key), None)
        needs_room = number is not None and number >= self.taken + self.window
        if self.closed:
            kind = ShutDown
        elif needs_room:
            kind = RuntimeError if self.failed else TimeoutError
        else:
            self.ours.insert(key, value, 0)
            if number is not None:
                self.values[number] = value
            return
        with pytest.raises(kind):
            self.ours.insert(key, value, 0)

    @rule(max_key=st.integers(-1, 9), clear=st.booleans(), local=st.booleans())
    def start(self, max_key, clear, local):
        self.iterator = None
        method = self.ours.iterator_local if local else self.ours.iterator
        self.iterator = method(max_key, clear, 0)
        self.position, self.clear, self.max_key, self.taken = 0, clear, max_key, 0

    @precondition(lambda self: self.iterator is not None)
    @rule()
    def next(self):
        key = self.position
        if key <= self.max_key and key in self.values:
            assert next(self.iterator) == self.values[key]
            self.position += 1
            if self.clear:
                del self.values[key]
                self.taken = self.position if self.position <= self.max_key else 0
            return
        if key > self.max_key or self.closed:
            kind = StopIteration
        else:
            kind = RuntimeError if self.failed else TimeoutError
        with pytest.raises(kind):
            next(self.iterator)
        if kind is not TimeoutError:
            self.max_key, self.taken = -1, 0

    @rule(what=st.sampled_from(["nothing"] * 3 + ["fail", "clear", "clear", "close"]))
    def end(self, what):
        if what == "fail":
            self.ours.fail(LookupError())
            self.failed |= not self.closed
        elif what == "clear":
            assert (self.ours.clear_failure() is not None) == self.failed
            self.failed = False
        elif what == "close":
            self.ours.close()
            self.closed |= not self.failed

    @invariant()
    def same(self):
        assert self.ours.size() == len(self.values)
        assert self.ours.closed == self.closed
        assert (self.ours.failure is not None) == self.failed


TestLikeModel = LikeModel.TestCase


# The life of a process

HEAD = """
import faulthandler, os, signal, sys, threading, time
from ft_utils.concurrency import *
faulthandler.dump_traceback_later(40, exit=True)
def until_asleep(id):
    if not sys.platform.startswith("linux"):
        return time.sleep(0.2)
    seen = 0
    while seen < 5:
        with open(f"/proc/self/task/{id}/stat") as file:
            seen = seen + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
        time.sleep(0.002)
def send(number, id=threading.get_native_id()):
    def work():
        until_asleep(id)
        os.kill(os.getpid(), number)
    threading.Thread(target=work, daemon=True).start()
g = ConcurrentGatheringIterator(window=2)
"""

WAITERS = {
    "iterator": "it = g.iterator(3); call = lambda: next(it)",
    "copying": "it = g.iterator(3, False, 1000); call = lambda: next(it)",
    "local": "it = g.iterator_local(3); call = lambda: next(it)",
    "insert": "call = lambda: g.insert(2, 'c')",
    "insert with a timeout": "call = lambda: g.insert(2, 'c', 1000)",
}
POSIX = pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")


@POSIX
@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
{wait}
send(signal.SIGINT)
try:
    call()
except KeyboardInterrupt:
    print("interrupted", g.failure)
    # Nothing is lost.
    g.insert(0, "a"), g.insert(1, "b")
    print(*g.iterator(1))
"""
    )
    assert out == "interrupted None\na b\n"


@POSIX
def test_signal_handler_may_insert():
    out = run_python(
        f"""{HEAD}
signal.signal(signal.SIGUSR1, lambda *_: g.insert(0, "from the handler"))
send(signal.SIGUSR1)
print(*g.iterator(0))
"""
    )
    assert out == "from the handler\n"


@POSIX
def test_iterator_survives_an_interrupt():
    out = run_python(
        f"""{HEAD}
it = g.iterator(1)
g.insert(0, "a")
print(next(it))
send(signal.SIGINT)
try:
    next(it)
except KeyboardInterrupt:
    g.insert(1, "b")
    print(*it)
"""
    )
    assert out == "a\nb\n"


@POSIX
def test_handler_that_raises_fails_the_insert():
    # As any Exception in insert does; its value is not there.
    out = run_python(
        f"""{HEAD}
def handler(*_):
    raise LookupError("from the handler")
signal.signal(signal.SIGUSR1, handler)
send(signal.SIGUSR1)
try:
    g.insert(2, "c")
except LookupError as error:
    print(g.failure is error)
"""
    )
    assert out == "True\n"


@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
{wait}
threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see support.run_python.
    run_python(
        """
import threading
from ft_utils.concurrency import *
g, n = ConcurrentGatheringIterator(window=8), AtomicInt64()
it = g.iterator(10**9)
def work(index):
    while True:
        g.insert(n.incr() - 1, index)
        next(it)
for index in range(4):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 2000:
    pass
"""
    )


BUSY = {
    "working": "g.insert(n.incr() - 1, []); next(it)",
    "waiting": """
    n.incr()
    try:
        if index % 2:
            g.insert(10**6 + index, 1, 0.0001)
        else:
            next(missing)
    except TimeoutError:
        pass
""",
    "asleep": "n.fetch_add(100); ConcurrentGatheringIterator().iterator(0).__next__()",
    "asleep in it": "n.fetch_add(100); never[index].__next__()",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
g, n = ConcurrentGatheringIterator(window=8), AtomicInt64()
it = g.iterator(10**9)
missing = g.iterator(9, False, 0.0001)
lonely = ConcurrentGatheringIterator()
never = [lonely.iterator(9, False) for _ in range(2)]
def work(index):
  while True: {busy}
for index in range(2):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 100:
    time.sleep(0.001)
def child():
    signal.alarm(15)
    # One that its threads wait for.
    lonely.insert(0, "a")
    assert next(lonely.iterator(0, False)) == "a"
    assert g.size() >= 0
    fresh = ConcurrentGatheringIterator(window=1)
    def work():
        for key in range(100):
            fresh.insert(key, key)
    thread = threading.Thread(target=work)
    thread.start()
    assert list(fresh.iterator(99)) == list(range(100))
    thread.join()
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_gathering_from_a_queue():
    # The use it is made for.
    todo, done = ConcurrentQueue(), ConcurrentGatheringIterator()
    todo.push_many(enumerate(range(1000)))
    todo.shutdown()

    def work(index):
        if index == 0:
            return list(done.iterator(999))
        for key, item in todo:
            done.insert(key, item * item)
        return None

    assert run_threads(4, work)[0] == [n * n for n in range(1000)]
