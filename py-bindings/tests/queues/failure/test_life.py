"""fail() of all queues: when the failure dies."""

import gc
import operator
import sys
import weakref

import pytest
from ft_utils.concurrency import QueueFailed
from helpers.objects import Thing, collected

from queues.kinds import EACH

from .shared import failed


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle_through_the_failure_is_collected(kind):
    def fail():
        q = kind()
        q.thing = Thing()
        reference = weakref.ref(q.thing)
        try:
            raise ValueError("bad row")
        except ValueError as error:
            # Its traceback has this frame, which has the queue.
            q.fail(error)
        q.handle().handle()
        return reference

    assert collected(fail())


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_the_failure(kind):
    error = ValueError("bad row")
    error.thing = Thing()
    reference = weakref.ref(error.thing)
    q = failed(kind(), error)
    handle = q.handle()
    del error, q
    gc.collect()
    assert handle.failure.thing is reference()
    del handle
    assert collected(reference)


@EACH
@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay(kind):
    error = ValueError("bad row")
    before = sys.getrefcount(error)
    q = failed(kind(), error)
    for _ in range(20):
        q.fail(error)
        assert q.failure is error
        with pytest.raises(QueueFailed):
            q.pop()
    del q
    gc.collect()
    assert sys.getrefcount(error) == before


@EACH
def test_subclass_that_forgets(kind):
    class Forgets(kind):
        def __init__(self):
            pass

    q = Forgets()
    for call in (lambda: q.fail(ValueError()), lambda: q.failure, q.drain):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    with pytest.raises(RuntimeError, match="__init__"):
        operator.length_hint(q)
