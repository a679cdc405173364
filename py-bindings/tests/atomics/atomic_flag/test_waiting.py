"""AtomicFlag: wait(), and what wakes a thread."""

import os
import time
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicFlag
from helpers.limits import LONG
from helpers.threads import Task


def test_wait_when_set():
    flag = AtomicFlag(True)
    for timeout in (None, 0, 0.001, 1e300, float("inf"), True):
        assert flag.wait(timeout) is True
        assert flag.wait(timeout=timeout) is True


def test_wait_times_out():
    flag = AtomicFlag(False)
    assert flag.wait(0) is False
    for timeout in (0.001, 0.05, Fraction(1, 100)):
        start = time.monotonic()
        assert flag.wait(timeout) is False
        assert time.monotonic() - start >= timeout


@pytest.mark.parametrize("state", [True, False])
@pytest.mark.parametrize(
    ("timeout", "error"),
    [(-1, ValueError), (-0.001, ValueError), (float("nan"), ValueError), ("1", TypeError)],
)
def test_bad_timeout(state, timeout, error):
    with pytest.raises(error, match="timeout"):
        AtomicFlag(state).wait(timeout)


@pytest.mark.parametrize(
    "set_it",
    [
        lambda flag: flag.set(1),
        lambda flag: flag.test_and_set(),
        lambda flag: flag.exchange(True),
        lambda flag: flag.compare_exchange(False, True),
        lambda flag: flag.__init__(True),
        lambda flag: flag.handle().set(True),
    ],
    ids=["set", "test_and_set", "exchange", "compare_exchange", "__init__", "handle"],
)
def test_setting_wakes_everyone(set_it):
    flag = AtomicFlag(False)
    waits = [flag.wait, flag.handle().wait, lambda: flag.wait(LONG)]
    tasks = [Task(wait).until_asleep() for wait in waits]
    set_it(flag)
    assert [task.result() for task in tasks] == [True] * 3


def test_pulse_wakes_everyone():
    flag = AtomicFlag(False)
    if not os.path.exists("/proc/self/task"):
        pytest.skip("cannot see that a thread waits")
    tasks = [Task(flag.wait).until_asleep() for _ in range(3)]
    flag.set(True)
    flag.clear()
    assert [task.result() for task in tasks] == [True] * 3
    assert flag.wait(0) is False


def test_clearing_wakes_nobody():
    flag = AtomicFlag(False)
    task = Task(flag.wait).until_asleep()
    for _ in range(100):
        flag.clear()
        flag.compare_exchange(False, False)
    assert not task.is_done()
    flag.set(True)
    assert task.result() is True


def test_overridden_methods_are_not_called():
    class Odd(AtomicFlag):
        def get(self):
            raise AssertionError

        __bool__ = get

    assert Odd(True).wait() is True
