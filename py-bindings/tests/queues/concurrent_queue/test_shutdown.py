"""ConcurrentQueue: shutdown() and the items that are left."""

import weakref

import pytest
from ft_utils.concurrency import ConcurrentQueue, ShutDown
from helpers.objects import Thing

from queues.kinds import BOTH_WAYS

from .shared import filled


@BOTH_WAYS
def test_shutdown_lets_drain(lock_free):
    q = filled("abc", lock_free=lock_free)
    assert not q.is_shutdown
    assert q.shutdown() is None
    q.shutdown(immediate=False)
    assert q.is_shutdown
    for call in (lambda: q.push(1), lambda: q.try_push(1), lambda: q.push(1, 0)):
        with pytest.raises(ShutDown) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 3
    assert q.peek() == "a"
    assert q.pop() == "a"
    assert q.pop_many(10) == ["b", "c"]
    for call in (lambda: q.pop(), lambda: q.pop(5), q.try_pop, lambda: q.pop_many(1)):
        with pytest.raises(ShutDown) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 0


@BOTH_WAYS
def test_immediate_shutdown_drops(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    references = []
    for _ in range(100):
        thing = Thing()
        references.append(weakref.ref(thing))
        q.push(thing)
    del thing
    q.shutdown(True)
    assert [one() for one in references] == [None] * 100
    assert q.size() == 0
    with pytest.raises(ShutDown):
        q.pop()
    with pytest.raises(ShutDown):
        q.push(1)


@pytest.mark.parametrize("immediate", [0, 1, None, "", "yes", [], [0]])
def test_shutdown_takes_any_truth_value(immediate):
    q = ConcurrentQueue()
    q.push(1)
    q.shutdown(immediate)
    assert q.size() == (0 if immediate else 1)


def test_shutdown_passes_on_what_bool_raises():
    class Bad:
        def __bool__(self):
            raise ZeroDivisionError

    q = ConcurrentQueue()
    with pytest.raises(ZeroDivisionError):
        q.shutdown(immediate=Bad())
    assert not q.is_shutdown


def test_shutdown_can_be_raised():
    q = filled("abc")
    q.shutdown()
    q.shutdown(immediate=True)
    assert q.size() == 0
    with pytest.raises(ShutDown):
        q.pop()


def test_push_many_after_shutdown():
    q = ConcurrentQueue()
    q.shutdown()
    with pytest.raises(ShutDown) as caught:
        q.push_many("ab")
    assert caught.value.remaining == ["a", "b"]


@BOTH_WAYS
def test_iteration_ends_at_shutdown(lock_free):
    q = filled(range(100), lock_free=lock_free)
    q.shutdown()
    iterator = iter(q)
    assert iter(iterator) is iterator
    assert list(iterator) == list(range(100))
    assert list(iterator) == []
    assert list(q) == []
