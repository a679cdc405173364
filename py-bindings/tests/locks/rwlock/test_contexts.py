"""RWLock: its contexts."""

import gc
import sys
import threading
import weakref

import pytest
from ft_utils.local import LocalWrapper
from ft_utils.synchronization import RWLock, RWReadContext, RWWriteContext
from helpers.limits import LONG
from helpers.objects import collected
from helpers.threads import run_threads

from .shared import Mine, do, in_thread, state

CONTEXTS = pytest.mark.parametrize("context", [RWReadContext, RWWriteContext])


@CONTEXTS
def test_context_arguments(context):
    lock = RWLock()
    for made in (context(lock), context(lock=lock), context(Mine())):
        with made:
            pass
    for args, kwargs in [
        ((), {}),
        ((None,), {}),
        ((1,), {}),
        ((RWLock,), {}),
        ((threading.Lock(),), {}),
        ((LocalWrapper(lock),), {}),
        ((lock, lock), {}),
        ((lock,), {"foo": 1}),
        ((lock,), {"lock": lock}),
    ]:
        with pytest.raises(TypeError):
            context(*args, **kwargs)


@CONTEXTS
def test_context_without_init(context):
    empty = context.__new__(context)
    for call in (empty.__enter__, empty.__exit__, lambda: empty.__exit__(None, None, None)):
        with pytest.raises(RuntimeError):
            call()
    assert "not initialized" in repr(empty)
    gc.collect()
    # It is never too late.
    lock = RWLock()
    empty.__init__(lock)
    with empty as entered:
        assert entered is lock


@CONTEXTS
def test_context_keeps_its_lock(context):
    lock, other = RWLock(), RWLock()
    before = sys.getrefcount(other)
    made = context(lock)
    made.__init__(lock)
    for _ in range(10):
        with pytest.raises(RuntimeError):
            made.__init__(other)
    assert sys.getrefcount(other) == before
    with made as entered:
        assert entered is lock


@CONTEXTS
def test_context_in_use(context):
    lock = RWLock()
    made = context(lock)
    locked = (1, 0, False) if context is RWReadContext else (0, 0, True)
    for _ in range(3):
        with made as entered:
            assert entered is lock
            assert state(lock) == locked
    with pytest.raises(LookupError), made:
        raise LookupError
    assert state(lock) == (0, 0, False)
    made.__enter__()
    assert made.__exit__() is None
    made.__enter__()
    assert made.__exit__(1, 2, 3, 4) is None
    with pytest.raises(RuntimeError):
        made.__exit__(None, None, None)
    with pytest.raises(TypeError):
        made.__enter__(1)
    assert state(lock) == (0, 0, False)


def test_read_context_nests():
    lock = RWLock()
    made = RWReadContext(lock)
    with made, made, lock.read():
        assert lock.readers() == 3
    assert lock.readers() == 0


def test_downgrade_in_a_context():
    lock = RWLock()
    with lock.write() as entered:
        assert entered is lock
        lock.downgrade()
        assert in_thread(lock.acquire_read, False) is True
    assert lock.readers() == 1
    with pytest.raises(RuntimeError), RWLock().write() as other:
        other.unlock_write()


def test_methods_make_contexts():
    lock = RWLock()
    assert type(lock.read()) is RWReadContext
    assert type(lock.write()) is RWWriteContext
    with lock.read() as entered:
        assert entered is lock


def test_one_context_in_many_threads():
    lock = RWLock()
    reading, writing = RWReadContext(lock), RWWriteContext(lock)
    inside = threading.Barrier(4)
    run_threads(4, lambda _: do(reading, lambda: inside.wait(LONG)))
    counts = [0]

    def count():
        counts[0] += 1

    run_threads(4, lambda _: [do(writing, count) for _ in range(100)])
    assert counts == [400]
    assert state(lock) == (0, 0, False)


@CONTEXTS
def test_context_keeps_the_lock_alive(context):
    lock = Mine()
    reference = weakref.ref(lock)
    made = context(lock)
    del lock
    gc.collect()
    with made as entered:
        assert entered is reference()
    del made, entered
    assert reference() is None


@pytest.mark.thread_unsafe(reason="runs the collector")
@CONTEXTS
def test_cycle_through_a_context(context):
    lock = Mine()
    lock.context = context(lock)
    reference, of_context = weakref.ref(lock), weakref.ref(lock.context)
    del lock
    assert collected(reference)
    assert of_context() is None

    class Named(context):
        pass

    made = Named(Mine())
    made.itself = made
    reference = weakref.ref(made)
    del made
    assert collected(reference)
