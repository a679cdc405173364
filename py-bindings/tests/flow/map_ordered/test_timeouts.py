"""map_ordered(): timeouts."""

import math
from fractions import Fraction

import pytest
from ft_utils.concurrency import map_ordered
from helpers.limits import LONG
from helpers.threads import Task

from .shared import Immediate, Manual, square


def test_timeout_counts_from_the_call():
    executor = Manual()
    results = map_ordered(executor, square, range(3), 2, timeout=0)
    executor.run(0)
    # Nothing to wait for.
    assert next(results) == 0
    with pytest.raises(TimeoutError):
        next(results)
    assert [future.cancelled() for future, _, _ in executor.calls] == [False, True, True]
    assert list(results) == []


@pytest.mark.parametrize("timeout", [0, 0.0, True, LONG, math.inf, 1e300, None, Fraction(100)])
def test_timeout_that_does_not_pass(timeout):
    results = map_ordered(Immediate(), square, range(5), 2, timeout=timeout)
    assert list(results) == [0, 1, 4, 9, 16]


def test_timeout_of_a_thread_that_waits_for_its_turn():
    executor = Manual()
    results = map_ordered(executor, square, range(3), timeout=0.05)
    tasks = [Task(next, results, "end") for _ in range(3)]
    ends = []
    for task in tasks:
        try:
            ends.append(task.result())
        except TimeoutError:
            ends.append("timeout")
    # One finds that the time is over, which ends it for those who come later.
    assert "timeout" in ends
    assert set(ends) <= {"timeout", "end"}
