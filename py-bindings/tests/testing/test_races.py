"""ft_utils.testing.run_concurrently: races that it finds."""

import sys
import threading
import time
from types import SimpleNamespace

import pytest
from ft_utils.testing import run_concurrently
from helpers.limits import LONG

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, changes the switch interval")


class RacyCounter:
    """Reads, then writes. In between, it waits until the other has read too, or is gone."""

    def __init__(self):
        self.value = 0
        self.between = threading.Barrier(2)

    def increment(self):
        value = self.value
        self.between.wait(LONG)
        self.value = value + 1
        self.between.wait(LONG)


def test_race_is_found():
    counter = RacyCounter()
    run_concurrently(counter.increment, threads=2, iterations=5)
    assert counter.value == 5  # Of 10.


def test_race_between_two_steps_is_found():
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        counter = SimpleNamespace(value=0)

        def increment(counter=counter):
            for _ in range(20):
                value = counter.value
                # A call, where the interpreter may let another thread run.
                counter.value = int(value) + 1

        run_concurrently(increment, threads=4, iterations=2)
        if counter.value < 160:
            return
    pytest.fail("no update was lost")


def test_switch_interval():
    before = sys.getswitchinterval()
    assert run_concurrently(sys.getswitchinterval, 2) == [1e-6] * 2
    assert sys.getswitchinterval() == before
    assert run_concurrently(sys.getswitchinterval, 2, switch_interval=0.25) == [0.25] * 2
    assert run_concurrently(sys.getswitchinterval, 2, switch_interval=None) == [before] * 2
    with pytest.raises(ExceptionGroup):
        run_concurrently(lambda: 1 / 0)
    assert sys.getswitchinterval() == before


def test_switch_interval_of_calls_inside_others():
    before = sys.getswitchinterval()
    before_that, inside, after = (threading.Barrier(2) for _ in range(3))

    def work(index):
        seen = [sys.getswitchinterval()]
        before_that.wait(LONG)
        if index == 0:
            inside.wait(LONG)
            after.wait(LONG)
        else:

            def inner():
                inside.wait(LONG)
                return sys.getswitchinterval()

            seen += run_concurrently(inner, 1, switch_interval=0.125)
            seen += [sys.getswitchinterval()]
            seen += run_concurrently(sys.getswitchinterval, 1, switch_interval=0.5)
            after.wait(LONG)
        return [*seen, sys.getswitchinterval()]

    results = run_concurrently(work, 2, pass_index=True, switch_interval=0.25)
    assert results == [[0.25, 0.25], [0.25, 0.125, 0.25, 0.25, 0.25]]
    assert sys.getswitchinterval() == before
