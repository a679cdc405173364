"""RWLock: names, text, handles, subclasses, life."""

import copy
import gc
import inspect
import pickle
import sys
import threading
import weakref
from contextlib import ExitStack

import ft_utils
import pytest
from ft_utils import synchronization
from ft_utils.synchronization import RWLock, RWReadContext, RWWriteContext
from helpers.objects import collected
from helpers.threads import Task

from .shared import Mine, state, writer_waits


@pytest.mark.parametrize("kind", [RWLock, RWReadContext, RWWriteContext])
def test_names(kind):
    assert getattr(synchronization, kind.__name__) is getattr(ft_utils, kind.__name__) is kind
    assert kind.__module__ == "ft_utils.synchronization"
    assert kind.__doc__
    assert inspect.signature(kind) is not None
    for name in dir(kind):
        method = getattr(kind, name)
        if not name.startswith("_"):
            assert inspect.getdoc(method)
            assert inspect.signature(method) is not None


def test_repr():
    lock = RWLock()
    assert repr(lock).startswith("<unlocked RWLock object at 0x")
    with lock.read():
        assert repr(lock).startswith("<read-locked RWLock object at 0x")
        task = writer_waits(lock)
        assert repr(lock).endswith(", readers: 1, writers waiting: 1>")
    task.result()
    with Mine().write() as mine:
        assert repr(mine).startswith("<write-locked Mine object at 0x")
    assert repr(lock.read()) == f"<RWReadContext of {lock!r}>"
    assert repr(lock.write()) == f"<RWWriteContext of {lock!r}>"


def test_repr_that_fails():
    class Bad(RWLock):
        def __repr__(self):
            raise LookupError

    with pytest.raises(LookupError):
        repr(RWReadContext(Bad()))


def test_identity():
    lock = RWLock()
    other = lock.handle()
    assert type(other) is RWLock
    assert lock == lock and lock != other
    assert len({lock, other, lock}) == 2
    assert lock and lock.read() and lock.write()
    for thing in (lock, lock.read(), lock.write()):
        with pytest.raises(AttributeError):
            thing.new_attribute = 1
    lock.lock_read()
    other.unlock_read()
    other.lock_write()
    assert lock.writer_locked()
    lock.unlock_write()


def test_no_copies():
    lock = RWLock()
    for thing in (lock, lock.read(), lock.write()):
        for call in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                call(thing)


def test_subclasses():
    class Named(RWLock):
        def __init__(self, name):
            super().__init__()
            self.name = name

    class Counted(RWReadContext):
        def __init__(self, lock, counts):
            super().__init__(lock)
            self.counts = counts

        def __enter__(self):
            self.counts.append(1)
            return super().__enter__()

    lock, counts = Named("n"), []
    assert lock.name == "n"
    with Counted(lock, counts) as entered:
        assert entered is lock
    assert counts == [1]
    assert state(lock) == (0, 0, False)


def test_weak_references():
    lock = RWLock()
    contexts = [lock.read(), lock.write()]
    references = [weakref.ref(thing) for thing in (lock, *contexts)]
    contexts[0].__enter__()
    # Though it is locked.
    del lock, contexts
    assert all(collected(reference) for reference in references)


def test_references_are_balanced():
    lock = RWLock()
    before = sys.getrefcount(lock)
    for _ in range(100):
        with ExitStack() as stack:
            stack.enter_context(lock.write())
            lock.downgrade()
        with lock.read(), lock.read():
            pass
    assert sys.getrefcount(lock) == before


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    lock, stop = Mine(), threading.Event()
    lock.context = lock.read()

    def work():
        while not stop.is_set():
            other = Mine()
            other.contexts = [RWReadContext(other), RWWriteContext(other), lock.context]
            with lock.context, other.contexts[1]:
                pass
            with lock.write():
                pass

    tasks = [Task(work) for _ in range(2)]
    try:
        for _ in range(30):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    assert state(lock) == (0, 0, False)
