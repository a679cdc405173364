"""ConcurrentQueue: handles, subclasses, attributes."""

import copy
import gc
import pickle
import weakref

import pytest
from ft_utils.concurrency import ConcurrentQueue, Empty

from queues.contents import drained

from .shared import Mine, filled


def test_pop_local():
    pytest.importorskip("ft_utils.local")
    q = filled([[1], 5])
    assert q.pop_local().wrapped == [1]
    assert q.pop_local(timeout=1) + 1 == 6
    with pytest.raises(Empty):
        q.pop_local(0)


def test_repr():
    q = filled("ab")
    assert repr(q) == "<ConcurrentQueue with 2 items>"
    assert repr(filled("a", maxsize=3)) == "<ConcurrentQueue with 1 of 3 items>"
    q.push(q)
    q.shutdown()
    assert repr(q) == str(q) == "<ConcurrentQueue with 3 items, shut down>"
    assert repr(Mine()) == "<Mine with 0 items>"
    q.shutdown(immediate=True)


def test_identity():
    q, other = ConcurrentQueue(), ConcurrentQueue()
    assert q == q
    assert q != other
    assert {q: 1}[q] == 1
    with pytest.raises(TypeError):
        q < other  # noqa: B015


def test_handle_shares_items():
    q = ConcurrentQueue(maxsize=2, lock_free=True)
    handle = q.handle()
    handle.push(1)
    q.push(2)
    assert handle.full()
    assert handle.maxsize == 2
    other = handle.handle()
    del q, handle
    gc.collect()
    assert other.pop_many(5) == [1, 2]
    other.shutdown()
    assert other.is_shutdown


def test_subclass_has_its_own_arguments():
    class Named(ConcurrentQueue):
        def __init__(self, name, *, start=()):
            super().__init__(maxsize=5)
            self.name = name
            self.push_many(start)

    q = Named("n", start="ab")
    assert q.name == "n"
    assert q.maxsize == 5
    assert q.pop() == "a"
    assert q.handle().pop() == "b"


def test_subclass_that_forgets():
    class Forgets(ConcurrentQueue):
        def __init__(self):
            pass

    q = Forgets()
    assert repr(q) == "<Forgets, not initialized>"
    for call in (
        lambda: q.push(1),
        q.pop,
        q.size,
        q.empty,
        q.peek,
        q.shutdown,
        q.handle,
        lambda: q.maxsize,
        lambda: next(iter(q)),
        lambda: q.push_many([1]),
        lambda: q.pop_many(1),
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    gc.collect()


def test_second_init_changes_nothing():
    q = filled("ab", maxsize=3)
    q.__init__()
    assert q.maxsize == 3
    assert drained(q) == ["a", "b"]


def test_open_for_attributes():
    class Alias(ConcurrentQueue):
        put = ConcurrentQueue.push
        get = ConcurrentQueue.pop

    q = Alias()
    q.put(1)
    assert q.get() == 1
    q.note = "mine"
    assert q.note == "mine"
    plain = ConcurrentQueue()
    plain.note = 3
    assert vars(plain) == {"note": 3}


@pytest.mark.thread_unsafe(reason="changes the class")
def test_aliases_on_the_class():
    ConcurrentQueue.put = ConcurrentQueue.push
    ConcurrentQueue.get = ConcurrentQueue.pop
    try:
        q = ConcurrentQueue()
        q.put(1)
        assert q.get(timeout=1) == 1
    finally:
        del ConcurrentQueue.put, ConcurrentQueue.get


def test_overridden_methods_are_not_called():
    class Odd(ConcurrentQueue):
        def push(self, value, timeout=None):
            super().push((value, "pushed"), timeout)

    q = Odd()
    q.push(1)
    q.push_many([2])
    assert drained(q) == [(1, "pushed"), 2]


def test_subscription():
    alias = ConcurrentQueue[int]
    assert alias.__origin__ is ConcurrentQueue
    assert alias.__args__ == (int,)
    q = alias(4, maxsize=1)
    assert type(q) is ConcurrentQueue
    assert q.maxsize == 1


def test_no_copies():
    for q in (ConcurrentQueue(), Mine()):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle\(\)"):
            copy.copy(q)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(q)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(q, protocol)
        for call in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError):
                call(iter(q))


def test_weak_references():
    q = ConcurrentQueue()
    iterator = iter(q)
    references = weakref.ref(q), weakref.ref(iterator)
    del q
    assert references[0]() is not None
    del iterator
    assert [one() for one in references] == [None, None]
