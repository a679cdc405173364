"""IntervalLock: names, text, handles, subclasses, life."""

import copy
import gc
import inspect
import pickle
import sys
import weakref

import ft_utils
import pytest
from ft_utils import synchronization
from ft_utils.synchronization import IntervalLock
from helpers.objects import collected

from .shared import take, waiting


class Mine(IntervalLock):
    pass


def test_names():
    assert synchronization.IntervalLock is ft_utils.IntervalLock is IntervalLock
    assert IntervalLock.__module__ == "ft_utils.synchronization"
    assert IntervalLock.__qualname__ == "IntervalLock"
    # Those that 0.2.0 has.
    names = {"IntervalLock", "RWLock", "RWReadContext", "RWWriteContext"}
    assert names <= set(synchronization.__all__)
    assert set(synchronization.__all__) <= set(ft_utils.__all__)
    for name in dir(IntervalLock):
        method = getattr(IntervalLock, name)
        if not name.startswith("_"):
            assert inspect.getdoc(method)
            assert not callable(method) or inspect.signature(method) is not None


def test_repr():
    lock = IntervalLock(0.25)
    assert repr(lock).startswith("<unlocked IntervalLock object at 0x")
    assert repr(lock).endswith(", interval 0.25 s>")
    with Mine() as mine:
        assert repr(mine).startswith("<locked Mine object at 0x")
        task = waiting(mine, take, mine)
        assert repr(mine).endswith(", interval 0.005 s, 1 waiting>")
    task.result()


def test_identity():
    lock, other = IntervalLock(), IntervalLock()
    assert lock == lock
    assert lock != other
    assert lock != lock.handle()
    assert len({lock, other, lock}) == 2
    assert lock
    with pytest.raises(AttributeError):
        lock.new_attribute = 1


def test_no_copies():
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="handle"):
            call(IntervalLock())


def test_subclass():
    class Named(IntervalLock):
        def __init__(self, name, *, interval=1):
            super().__init__(interval)
            self.name = name

    lock = Named("n", interval=2)
    assert (lock.name, lock.interval) == ("n", 2.0)
    with lock as entered:
        assert entered is lock


def test_weak_reference():
    lock = IntervalLock()
    reference = weakref.ref(lock)
    assert reference() is lock
    lock.lock()
    # Though it is locked.
    del lock
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle():
    lock = Mine()
    lock.itself = [lock]
    reference = weakref.ref(lock)
    del lock
    assert collected(reference)


def test_lock_dies_while_others_wait_for_its_handle():
    lock = IntervalLock()
    lock.lock()
    other = lock.handle()
    task = waiting(other, take, other)
    del lock
    gc.collect()
    other.unlock()
    task.result()


def test_references_are_balanced():
    lock = IntervalLock()
    before = sys.getrefcount(lock)
    for _ in range(100):
        with lock:
            lock.poll()
        lock.acquire(timeout=1)
        lock.release()
    assert sys.getrefcount(lock) == before
