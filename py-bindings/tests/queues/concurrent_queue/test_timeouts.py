"""ConcurrentQueue: timeouts, valid and not."""

import time

import pytest
from ft_utils.concurrency import ConcurrentQueue, Empty, Full
from helpers.objects import without_address
from helpers.timeouts import BAD_TIMEOUTS

from queues.contents import drained
from queues.kinds import BOTH_WAYS

from .shared import filled

TIMEOUTS = [*BAD_TIMEOUTS, (float("-inf"), ValueError)]


@BOTH_WAYS
@pytest.mark.parametrize(("timeout", "error"), TIMEOUTS, ids=without_address)
def test_bad_timeout_leaves_no_trace(lock_free, timeout, error):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=2)
    for call in (
        lambda: q.pop(timeout),
        lambda: q.pop_many(1, timeout),
        lambda: q.push(1, timeout),
        lambda: q.push_many([1], timeout),
    ):
        with pytest.raises(error):
            call()
    assert q.size() == 0
    q.push_many("ab")
    with pytest.raises(error):
        q.pop(timeout)
    assert drained(q) == ["a", "b"]


def test_bad_timeout_is_named():
    q = ConcurrentQueue()
    with pytest.raises(TypeError, match="timeout must be a number of seconds or None, not"):
        q.pop("x")
    with pytest.raises(ValueError, match="timeout must not be negative or NaN: -1"):
        q.pop(-1)


@pytest.mark.parametrize("timeout", [None, 0, 1.5, True, float("inf"), 1e300, 10**30])
def test_any_timeout_when_there_is_an_item(timeout):
    q = filled([1, 2], maxsize=3)
    assert q.pop(timeout) == 1
    assert q.pop_many(1, timeout) == [2]
    q.push(3, timeout)
    q.push_many([4], timeout)
    assert drained(q) == [3, 4]


@BOTH_WAYS
@pytest.mark.parametrize("timeout", [0.001, 0.05, 0.12])
def test_timeout_is_not_cut_short(lock_free, timeout):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=1)
    for call, error in [
        (lambda: q.pop(timeout), Empty),
        (lambda: q.pop_many(2, timeout), Empty),
        (lambda: q.push(2, timeout), Full),
        (lambda: q.push_many([2, 3], timeout), Full),
    ]:
        if error is Full and q.empty():
            q.push(1)
        start = time.monotonic()
        with pytest.raises(error):
            call()
        # The clocks may differ by a tick.
        assert time.monotonic() - start >= timeout - 0.0005
    assert drained(q) == [1]


@BOTH_WAYS
def test_failed_pops_leave_no_trace(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    for _ in range(2000):
        with pytest.raises(Empty):
            q.pop(0)
    for _ in range(20):
        with pytest.raises(Empty):
            q.pop(0.0005)
    assert q.size() == 0
    q.push("a")
    assert q.size() == 1
    assert q.pop(0) == "a"
