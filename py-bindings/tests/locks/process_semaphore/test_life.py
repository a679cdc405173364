"""ProcessSemaphore: cycles, and freed objects."""

import asyncio
import gc
import weakref

import pytest
from ft_utils.concurrency import ProcessSemaphore
from helpers.loops import run
from helpers.objects import collected

from .shared import all_free, queued, waiting, waits_in


def test_cycles_through_waiters_are_collected():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()

    class Loop(asyncio.SelectorEventLoop):
        pass

    loop = Loop()
    loop.coroutine = waits_in(loop, semaphore.acquire())
    loop.close()
    reference = weakref.ref(loop)
    del loop
    assert collected(reference)
    assert waiting(semaphore) == 0
    semaphore.release()
    assert all_free(semaphore)


def test_freed_while_an_exception_is_on_its_way():
    """A waiter that was served is freed by an expression that fails: the next is woken."""
    semaphore = ProcessSemaphore(1)

    class Failing:
        def __init__(self, coroutine):
            self.coroutine = coroutine

        def fail(self):
            raise KeyError("this one")

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        coroutine.send(None)
        (task,) = await queued(semaphore)
        semaphore.release()
        assert not task.done()
        failing = [Failing(coroutine)]
        del coroutine
        with pytest.raises(KeyError, match="this one"):
            # The last reference is that of the call.
            failing.pop().fail()
        gc.collect()
        await task
        semaphore.release()

    run(main())
    assert all_free(semaphore)
