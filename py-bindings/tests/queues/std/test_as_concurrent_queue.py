"""The Std queues: the methods of ConcurrentQueue."""

import pytest
from ft_utils.concurrency import ConcurrentQueue, Full, StdConcurrentQueue
from ft_utils.local import LocalWrapper
from helpers.threads import flat, run_threads

from queues.kinds import STD

from .shared import EACH, TOO_MANY, drained, filled, in_order


@EACH
def test_as_a_concurrent_queue(kind):
    q = kind(4)
    q.push(3)
    q.push(value=1, timeout=1)
    q.try_push(2)
    assert q.size() == 3
    assert not q.empty()
    assert q.unfinished_tasks == 3
    expected = {STD[0]: [3, 1, 2], STD[1]: [2, 1, 3], STD[2]: [1, 2, 3]}[kind]
    assert q.peek() == expected[0]
    local = q.pop_local()
    assert isinstance(local, LocalWrapper)
    assert local.wrapped == expected[0]
    assert q.pop() == expected[1]
    assert q.try_pop() == expected[2]
    with pytest.raises(Full) as caught:
        q.push_many(range(6), timeout=0)
    assert caught.value.remaining == [4, 5]
    assert q.unfinished_tasks == 7
    assert q.pop_many(3) == in_order(kind, range(4))[:3]
    assert q.pop_many(3) == in_order(kind, range(4))[3:]
    for bad in (0, -1):
        with pytest.raises(ValueError, match="max_items"):
            q.pop_many(bad)
    with pytest.raises(ValueError, match="timeout"):
        q.push(1, -1)
    with pytest.raises(ValueError, match="timeout"):
        q.pop(-1)
    with pytest.raises(TypeError):
        q.push_many(3)
    for _ in range(7):
        q.task_done()
    with pytest.raises(ValueError, match=TOO_MANY):
        q.task_done()


@EACH
def test_push_respects_the_bound_and_counts(kind):
    q = kind(1)
    ConcurrentQueue.push(q, 1) if kind is StdConcurrentQueue else q.push(1)
    assert q.unfinished_tasks == 1
    with pytest.raises(Full):
        q.push(2, 0)
    with pytest.raises(Full):
        q.put_nowait(2)
    q.task_done()
    q.join()


@EACH
def test_push_many_reads_first(kind):
    q = kind()

    def source():
        yield 1
        q.put(0)
        raise LookupError

    with pytest.raises(LookupError):
        q.push_many(source())
    assert drained(q) == [0]
    q.push_many([])
    assert q.unfinished_tasks == 1


@EACH
def test_iteration_ends_at_shutdown(kind):
    q = filled(kind, range(5))
    items = iter(q)
    assert iter(items) is items
    assert next(items) == in_order(kind, range(5))[0]
    q.shutdown()
    assert list(items) == in_order(kind, range(5))[1:]
    assert list(items) == list(q) == []


@EACH
def test_iteration_in_threads(kind):
    q = kind(3)

    def work(index):
        if index == 0:
            q.push_many(range(1000))
            return q.shutdown()
        return list(q.handle())

    results = run_threads(4, work)[1:]
    assert sorted(flat(results)) == list(range(1000))
