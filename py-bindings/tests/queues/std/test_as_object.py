"""The Std queues: handles, subclasses, copies."""

import copy
import gc
import pickle
import weakref

import pytest
from ft_utils.concurrency import ConcurrentQueue, StdConcurrentQueue
from ft_utils.local import LocalWrapper

from queues.kinds import STD

from .shared import EACH, TOO_MANY, filled

ORDERED = pytest.mark.parametrize("kind", STD[1:], ids=["lifo", "priority"])


@EACH
def test_handles(kind):
    q = kind(2)
    handle = q.handle().handle()
    assert type(handle) is kind
    handle.put(1)
    assert q.unfinished_tasks == 1
    q.task_done()
    with pytest.raises(ValueError, match=TOO_MANY):
        handle.task_done()
    q.put(2)
    assert handle.full()
    q.shutdown()
    assert handle.is_shutdown
    assert handle != q
    assert len({handle, q}) == 2


@EACH
def test_attributes_and_subclasses(kind):
    class Mine(kind):
        def __init__(self, name, maxsize=0):
            super().__init__(maxsize)
            self.name = name

        def put(self, item, **kwargs):
            super().put(item, **kwargs)

    q = Mine("a", maxsize=1)
    q.put(1)
    assert q.full()
    assert q.name == "a"
    assert type(q.handle()) is kind
    plain = kind()
    plain.anything = 3
    assert plain.anything == 3
    for name in ("maxsize", "unfinished_tasks", "is_shutdown"):
        with pytest.raises(AttributeError):
            setattr(plain, name, 1)


@EACH
def test_subclass_that_forgets(kind):
    class Forgets(kind):
        def __init__(self):
            pass

    q = Forgets()
    for call in (
        lambda: q.put(1),
        lambda: q.put_nowait(1),
        lambda: q.get(),
        lambda: q.get_nowait(),
        lambda: q.qsize(),
        lambda: q.task_done(),
        lambda: q.join(),
        lambda: q.shutdown(),
        lambda: q.unfinished_tasks,
        lambda: q.handle(),
        lambda: q.push(1),
        lambda: q.pop(),
        lambda: next(iter(q)),
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    assert "not initialized" in repr(q)
    q.itself = q
    gc.collect()
    kind.__init__(q, 1)
    q.put(1)
    assert q.full()


def test_foreign_init():
    """A queue that the base class has made has no tasks; that is an error, and no more."""
    q = StdConcurrentQueue.__new__(StdConcurrentQueue)
    ConcurrentQueue.__init__(q, maxsize=1)
    q.put(1)
    for call in (lambda: q.task_done(), lambda: q.join(), lambda: q.unfinished_tasks):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    assert q.get() == 1


@EACH
def test_second_init_changes_nothing(kind):
    q = filled(kind, [1], maxsize=2)
    q.__init__(5)
    assert (q.maxsize, q.qsize(), q.unfinished_tasks) == (2, 1, 1)


@EACH
def test_no_copies(kind):
    q = kind()
    for call in (copy.copy, copy.deepcopy, pickle.dumps, lambda q: q.__reduce_ex__(4)):
        with pytest.raises(TypeError, match=f"cannot copy or pickle '{kind.__name__}'"):
            call(q)
        with pytest.raises(TypeError, match="handle"):
            call(q)


@EACH
def test_protocols(kind):
    q = kind(2)
    assert bool(q)
    assert hash(q) == hash(q)
    assert q == q and q != kind(2)
    for call in (len, lambda q: q < q, lambda q: q[0]):
        with pytest.raises(TypeError):
            call(q)
    assert weakref.ref(q)() is q
    assert gc.is_tracked(q)
    assert kind[int].__origin__ is kind
    assert kind[int](1).maxsize == 1
    q.put(1)
    assert repr(q) == f"<{kind.__name__} with 1 of 2 items>"
    q.shutdown()
    assert repr(q) == f"<{kind.__name__} with 1 of 2 items, shut down>"
    assert repr(kind()) == f"<{kind.__name__} with 0 items>"
    wrapped = LocalWrapper(kind())
    wrapped.put(3)
    assert wrapped.get() == 3


@ORDERED
def test_base_class_makes_nothing(kind):
    with pytest.raises(TypeError):
        kind.__bases__[0]()
    with pytest.raises(TypeError):
        type(iter(kind()))()
