"""Harm: numbers and timeouts out of range."""

import sys
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import MISSING, AtomicInt64, ConcurrentDict, ConcurrentQueue, Empty
from helpers.objects import without_address
from helpers.threads import Task
from queues.kinds import BOTH_WAYS

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")

FAR = 2**63


@pytest.mark.parametrize("base", [2, -3, AtomicInt64(5), True])
def test_power_with_a_modulus(base):
    # Python offers this one to the operand on the right, with the modulus.
    assert pow(base, AtomicInt64(10), 7) == pow(int(base), 10, 7)
    assert pow(base, AtomicInt64(-1), 11) == pow(int(base), -1, 11)
    assert AtomicInt64(10).__rpow__(base, 7) == pow(int(base), 10, 7)
    with pytest.raises(ValueError, match="0"):
        pow(base, AtomicInt64(1), 0)
    with pytest.raises(TypeError):
        pow(base, AtomicInt64(1), 1.5)


@pytest.mark.parametrize("number", [1.5, Fraction(1, 2), Decimal(1), 1j, "1", None, [1], MISSING])
def test_atomic_declines_what_is_no_integer(number):
    a = AtomicInt64(10)
    with pytest.raises(TypeError, match="takes an integer"):
        a += number
    for call in (a.set, a.exchange, a.fetch_add, AtomicInt64, lambda v: a.update(lambda _: v)):
        with pytest.raises(TypeError, match="expected an integer"):
            call(number)
    assert a.get() == 10


def test_update_that_changes_the_atomic():
    a, times = AtomicInt64(), iter(range(5))

    def function(value):
        if next(times, None) is not None:
            Task(a.incr).result()
        return value + 100

    assert a.update(function) == 105
    assert a.update(lambda _: True) == 1
    assert a.update(lambda _: AtomicInt64(7)) == 7
    with pytest.raises(OverflowError):
        a.update(lambda _: FAR)
    assert a.update(lambda v: a.handle().update(lambda _: v) + 1) == 8


class Seconds:
    def __init__(self, seconds):
        self.seconds = seconds

    def __float__(self):
        return self.seconds


@BOTH_WAYS
@pytest.mark.parametrize(
    "none",
    [0, 0.0, -0.0, False, 5e-324, Fraction(0), Decimal(0), AtomicInt64(), Seconds(0.0)],
    ids=without_address,
)
def test_timeouts_that_are_nothing(lock_free, none):
    q = ConcurrentQueue(lock_free=lock_free)
    with pytest.raises(Empty):
        q.pop(none)


@pytest.mark.parametrize("ever", [float("inf"), 1e300, sys.maxsize, 10**300, Seconds(1e19)])
def test_timeouts_that_are_for_ever(ever):
    q = ConcurrentQueue()
    task = Task(q.pop, ever).until_asleep()
    q.push("item")
    assert task.result() == "item"


def test_numbers_out_of_range():
    for size in (sys.maxsize * 2 + 2, -sys.maxsize * 3):
        for call in (
            lambda size: ConcurrentQueue(maxsize=size),
            ConcurrentDict,
            lambda size: ConcurrentQueue().pop_many(size, 0),
        ):
            with pytest.raises(OverflowError):
                call(size)
    assert ConcurrentQueue(maxsize=sys.maxsize).maxsize == sys.maxsize
    for capacity in (-sys.maxsize, -1, 0, 1, 3, sys.maxsize, True):
        assert ConcurrentDict(capacity, {1: 2}) == {1: 2}
