"""The coroutines of all queues: reference cycles, and queues without other references."""

import gc
import weakref

import pytest
from ft_utils.concurrency import Empty
from helpers.loops import run
from helpers.objects import Thing, collected

from queues.kinds import EACH

from .shared import left_in_a_closed_loop


@EACH
def test_cycles_are_collected(kind):
    for waits in (False, True):
        q = kind(maxsize=1)
        q.push(1)
        thing = Thing()
        thing.coroutine = coroutine = q.put_async(thing)
        if waits:
            left_in_a_closed_loop(coroutine)
        reference = weakref.ref(thing)
        del thing, q
        if not waits:
            coroutine.close()
        del coroutine
        assert collected(reference)

    # A queue whose items lead back to it is kept by its coroutine, and goes with it.
    q = kind(maxsize=1)
    thing = Thing()
    q.push(thing)
    coroutine = left_in_a_closed_loop(q.put_async(1))
    thing.parts = [q, coroutine]
    reference = weakref.ref(thing)
    del q, coroutine, thing
    assert collected(reference)


@EACH
def test_waiting_coroutine_keeps_the_queue(kind):
    coroutine = kind().get_async(timeout=0.001)

    async def main():
        with pytest.raises(Empty):
            await coroutine

    gc.collect()
    run(main())


@EACH
def test_subclass_without_init(kind):
    class Lazy(kind):
        def __init__(self):
            pass

    for call in (Lazy().get_async, Lazy().pop_async, lambda: Lazy().put_async(1)):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
