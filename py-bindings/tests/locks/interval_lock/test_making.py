"""IntervalLock: the interval, and other arguments."""

import inspect
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.synchronization import IntervalLock


class Float:
    def __float__(self):
        return 0.25


class Index:
    def __index__(self):
        return 2


@pytest.mark.parametrize(
    ("given", "interval"),
    [
        (0.005, 0.005),
        (0.2, 0.2),
        (3, 3.0),
        (True, 1.0),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (Float(), 0.25),
        (Index(), 2.0),
        (0, 0.0),
        (0.0, 0.0),
        (-0.0, 0.0),
        (9.9e-7, 0.0),
        (5e-324, 0.0),
        (1.9e-6, 1e-6),
        (math.inf, math.inf),
        (9.3e12, 9.3e12),
        (1e300, math.inf),
        (10**300, math.inf),
    ],
)
def test_intervals(given, interval):
    assert IntervalLock(given).interval == interval
    lock = IntervalLock(interval=given)
    assert lock.interval == interval
    lock.interval = 7
    assert lock.interval == 7.0
    lock.interval = given
    assert lock.interval == interval


def test_default_interval():
    assert IntervalLock().interval == 0.005
    assert inspect.signature(IntervalLock).parameters["interval"].default == 0.005


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (-1, ValueError),
        (-1e-9, ValueError),
        (-math.inf, ValueError),
        (math.nan, ValueError),
        ("1", TypeError),
        (None, TypeError),
        ([], TypeError),
        (1j, TypeError),
        (10**400, OverflowError),
    ],
)
def test_bad_intervals(given, error):
    with pytest.raises(error):
        IntervalLock(given)
    lock = IntervalLock(0.25)
    with pytest.raises(error):
        lock.interval = given
    assert lock.interval == 0.25


def test_interval_is_not_deleted():
    with pytest.raises((AttributeError, TypeError)):
        del IntervalLock().interval


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((1, 2), {}), ((), {"foo": 1}), ((1,), {"interval": 1}), ((1,), {"foo": 1})],
)
def test_bad_arguments(args, kwargs):
    with pytest.raises(TypeError):
        IntervalLock(*args, **kwargs)


def test_init_again_changes_the_interval():
    lock = IntervalLock(1)
    lock.lock()
    lock.__init__(2)
    assert lock.locked()
    assert lock.interval == 2.0
    lock.unlock()


def test_new_without_init():
    lock = IntervalLock.__new__(IntervalLock)
    assert lock.interval == 0.0
    with lock:
        assert lock.locked()
