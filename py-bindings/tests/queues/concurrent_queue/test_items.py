"""ConcurrentQueue: items one by one."""

import pytest
from ft_utils.concurrency import ConcurrentQueue, Empty, Full, ShutDown

from queues.contents import drained
from queues.kinds import BOTH_WAYS

from .shared import filled


@BOTH_WAYS
def test_first_in_first_out(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    assert q.empty()
    for n in range(300):
        assert q.push(n) is None
    assert q.size() == 300
    assert not q.empty()
    assert [q.pop() for _ in range(300)] == list(range(300))
    assert q.size() == 0


def test_items_of_any_kind():
    items = [None, 0, "", Empty(), Empty, ShutDown(), [], q := ConcurrentQueue()]
    q.push_many(items)
    popped = [q.pop() for _ in items]
    assert all(one is other for one, other in zip(items, popped, strict=True))


def test_empty_queue():
    q = ConcurrentQueue()
    for call in (
        lambda: q.pop(0),
        lambda: q.pop(timeout=0.0),
        lambda: q.pop(False),
        lambda: q.pop(timeout=0.001),
        lambda: q.try_pop(),
        lambda: q.peek(),
        lambda: q.pop_many(3, 0),
        lambda: q.pop_many(max_items=3, timeout=0.001),
    ):
        with pytest.raises(Empty) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 0


def test_full_queue():
    q = filled("ab", maxsize=2)
    assert q.full()
    assert q.maxsize == 2
    for call in (
        lambda: q.push("c", 0),
        lambda: q.push(value="c", timeout=0.001),
        lambda: q.try_push("c"),
        lambda: q.push_many("c", timeout=0),
    ):
        with pytest.raises(Full) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 2
    assert q.pop() == "a"
    assert not q.full()
    q.push("c", timeout=0)
    assert drained(q) == ["b", "c"]


def test_unbounded_is_never_full():
    for q in (ConcurrentQueue(), ConcurrentQueue(maxsize=0), ConcurrentQueue(maxsize=-5)):
        q.push_many(range(1000))
        assert not q.full()
        assert q.maxsize == 0


def test_try_forms():
    q = ConcurrentQueue(maxsize=1)
    assert q.try_push(value=1) is None
    assert q.try_pop() == 1


def test_peek_leaves_the_item():
    item = object()
    q = filled([item, 2])
    assert q.peek() is item
    assert q.peek() is item
    assert q.size() == 2
    assert q.pop() is item
    assert q.peek() == 2


def test_wrong_arguments():
    q = ConcurrentQueue()
    for call in (
        lambda: q.push(),
        lambda: q.push(1, 2, 3),
        lambda: q.pop(1, 2),
        lambda: q.pop(block=True),
        lambda: q.shutdown(1, 2),
        lambda: q.size(1),
        lambda: q.pop_many(),
        lambda: len(q),
        lambda: 1 in q if q.shutdown() else len(q),
    ):
        with pytest.raises(TypeError):
            call()


def test_always_true():
    assert ConcurrentQueue()
