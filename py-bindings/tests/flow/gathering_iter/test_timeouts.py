"""ConcurrentGatheringIterator: timeouts of readers."""

import time

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator
from helpers.limits import LONG
from helpers.threads import Task

from .shared import filled


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
