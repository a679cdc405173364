"""Harm: subclasses, and handles of handles."""

import gc
import weakref

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict, ConcurrentQueue
from helpers.objects import Thing, collected

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")


def test_subclass_without_init():
    class Forgetful(ConcurrentQueue):
        def __init__(self):
            pass

    q = Forgetful()
    for call in (
        q.pop,
        q.try_pop,
        q.size,
        q.empty,
        q.full,
        q.peek,
        q.shutdown,
        q.handle,
        q.pop_local,
        lambda: q.push(1),
        lambda: q.push_many([1]),
        lambda: q.pop_many(1),
        lambda: next(iter(q)),
        lambda: q.maxsize,
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    assert "not initialized" in repr(q)
    gc.collect()


def test_classes_that_cannot_be_made():
    for bases in (
        (ConcurrentDict, ConcurrentQueue),
        (ConcurrentDict, dict),
        (type(iter(ConcurrentDict())),),
        (type(MISSING),),
    ):
        with pytest.raises(TypeError):
            type("Odd", bases, {})
    for kind in (type(iter(ConcurrentDict())), type(iter(ConcurrentQueue())), type(MISSING)):
        with pytest.raises(TypeError):
            kind()


def test_handle_of_a_handle_outlives_all():
    class Mine(ConcurrentDict):
        __slots__ = ("extra",)

    d = Mine(1, {1: 2})
    d.extra = Thing()
    died = weakref.ref(d.extra)
    handle = d.handle().handle().handle()
    del d
    gc.collect()
    assert handle == {1: 2}
    assert died() is not None
    del handle
    assert collected(died)
