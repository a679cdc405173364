"""The Std queues: items one by one."""

from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import Empty, Full, ShutDown

from .shared import EACH, drained, filled, in_order


@EACH
def test_order(kind):
    q = kind()
    for n in range(200):
        assert q.put(n) is None
    assert [q.get() for _ in range(200)] == in_order(kind, range(200))
    assert q.empty()


@EACH
def test_items_of_any_kind(kind):
    for item in (None, 0, "", Empty(), ShutDown, [], kind()):
        q = kind()
        q.put(item)
        assert q.get() is item


@EACH
def test_empty_queue(kind):
    q = kind()
    for call in (
        lambda: q.get_nowait(),
        lambda: q.get(False),
        lambda: q.get(block=False),
        lambda: q.get(block=None),
        lambda: q.get(0, None),
        lambda: q.get(True, 0),
        lambda: q.get(timeout=0.0),
        lambda: q.get(timeout=0.001),
        lambda: q.get([1], timeout=Fraction(1, 1000)),
        lambda: q.get(False, -1),
        lambda: q.get(block=False, timeout="never"),
        lambda: q.pop(0),
        lambda: q.try_pop(),
        lambda: q.pop_many(3, 0),
        lambda: q.peek(),
    ):
        with pytest.raises(Empty) as caught:
            call()
        assert caught.value.args == ()
    assert q.qsize() == 0


@EACH
def test_full_queue(kind):
    q = filled(kind, [1], maxsize=1)
    for call in (
        lambda: q.put_nowait(2),
        lambda: q.put(2, False),
        lambda: q.put(2, block=0),
        lambda: q.put(2, block=None),
        lambda: q.put(2, True, 0),
        lambda: q.put(2, timeout=0.001),
        lambda: q.put(item=2, block=True, timeout=Decimal("0.001")),
        lambda: q.put(2, False, -1),
        lambda: q.put(2, block=False, timeout="never"),
        lambda: q.push(2, 0),
        lambda: q.try_push(2),
        lambda: q.push_many([2], 0),
    ):
        with pytest.raises(Full):
            call()
    assert q.unfinished_tasks == 1
    assert drained(q) == [1]
