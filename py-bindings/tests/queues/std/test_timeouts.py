"""The Std queues: timeouts, valid and not."""

import math
import time

import pytest
from ft_utils.concurrency import Empty, Full, ShutDown

from .shared import EACH, drained, filled

NEGATIVE = "'timeout' must be a non-negative number"


@EACH
@pytest.mark.parametrize("timeout", [-1, -0.001, -math.inf, math.nan])
def test_negative_timeout(kind, timeout):
    q = filled(kind, [1], maxsize=2)
    with pytest.raises(ValueError, match=NEGATIVE):
        q.get(timeout=timeout)
    with pytest.raises(ValueError, match=NEGATIVE):
        q.put(2, timeout=timeout)
    # There is never anything to wait for.
    unbounded = kind()
    unbounded.put(1, timeout=timeout)
    assert drained(unbounded) == drained(q) == [1]


@EACH
@pytest.mark.parametrize("timeout", ["1", [], object()])
def test_timeout_of_the_wrong_type(kind, timeout):
    q = filled(kind, [1], maxsize=2)
    with pytest.raises(TypeError, match="timeout"):
        q.get(timeout=timeout)
    with pytest.raises(TypeError, match="timeout"):
        q.put(2, timeout=timeout)
    assert q.unfinished_tasks == q.qsize() == 1


@EACH
@pytest.mark.parametrize("timeout", [-1, "1"])
def test_shutdown_comes_before_bad_timeouts(kind, timeout):
    q = kind(1)
    q.shutdown()
    with pytest.raises(ShutDown):
        q.get(timeout=timeout)
    with pytest.raises(ShutDown):
        q.put(1, timeout=timeout)


@EACH
def test_block_that_has_no_truth(kind):
    class Bad:
        def __bool__(self):
            raise LookupError

    q = filled(kind, [1])
    with pytest.raises(LookupError):
        q.put(2, Bad())
    with pytest.raises(LookupError):
        q.get(Bad())
    assert drained(q) == [1]
    assert q.unfinished_tasks == 1


@EACH
def test_wrong_arguments(kind):
    q = kind()
    for call in (
        lambda: q.put(),
        lambda: q.put(1, True, 1, 1),
        lambda: q.put(1, foo=2),
        lambda: q.put(value=1),
        lambda: q.put_nowait(),
        lambda: q.put_nowait(1, 2),
        lambda: q.get(True, 1, 1),
        lambda: q.get(foo=1),
        lambda: q.get_nowait(1),
        lambda: q.qsize(1),
        lambda: q.task_done(1),
        lambda: q.join(1),
        lambda: q.shutdown(True, True),
    ):
        with pytest.raises(TypeError):
            call()
    assert q.qsize() == q.unfinished_tasks == 0


@EACH
@pytest.mark.parametrize("timeout", [0.02, 0.1])
def test_timeouts_are_not_cut_short(kind, timeout):
    q = kind(1)
    start = time.monotonic()
    with pytest.raises(Empty):
        q.get(timeout=timeout)
    assert time.monotonic() - start >= timeout
    q.put(1)
    start = time.monotonic()
    with pytest.raises(Full):
        q.put(2, timeout=timeout)
    assert time.monotonic() - start >= timeout


@EACH
def test_failed_calls_leave_no_trace(kind):
    q = kind(1)
    for _ in range(500):
        with pytest.raises(Empty):
            q.get(timeout=0.00001)
        with pytest.raises(TypeError):
            q.get(timeout="x")
    q.put(1)
    for _ in range(500):
        with pytest.raises(Full):
            q.put(2, timeout=0.00001)
    assert (q.qsize(), q.unfinished_tasks) == (1, 1)
    assert q.get() == 1
