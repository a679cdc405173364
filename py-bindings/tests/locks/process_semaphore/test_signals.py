"""ProcessSemaphore: signals that interrupt a wait."""

import asyncio
import gc
import random
import signal
import sys

import pytest
from ft_utils.concurrency import ProcessSemaphore
from helpers.limits import LONG
from helpers.signals import run_until_interrupted
from helpers.threads import wait_until

from .shared import all_free, waiting, waits_in


@pytest.mark.thread_unsafe
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_ends_a_blocking_acquire():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for wait in (semaphore.acquire_sync, semaphore.__enter__):
            with pytest.raises(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 0.02)
                wait()
            assert waiting(semaphore) == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    semaphore.release()
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_signals_lose_no_slot():
    """Interrupts strike anywhere, in the middle of asyncio too."""
    semaphore = ProcessSemaphore(1)

    async def other():
        while True:
            # Not "async with": between its block and the release is a gap that is Python's own.
            await semaphore.acquire()
            semaphore.release()
            await asyncio.sleep(0)

    def gone():
        gc.collect()
        return not waiting(semaphore)

    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        for _ in range(30):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda *_: None)
            tasks = [loop.create_task(other()) for _ in range(4)]
            run_until_interrupted(loop, random.uniform(0.001, 0.01))
            loop.close()
            del tasks, loop
            wait_until(gone)
            # It may have struck between the two lines of a task.
            if semaphore.locked():
                semaphore.release()
            assert all_free(semaphore)
    finally:
        sys.unraisablehook = hook


class FailingLoop(asyncio.SelectorEventLoop):
    """Fails the given number of times to take calls from other threads."""

    failures = 0
    error = KeyboardInterrupt

    def call_soon_threadsafe(self, *args, **kwargs):
        if self.failures:
            self.failures -= 1
            raise self.error
        return super().call_soon_threadsafe(*args, **kwargs)


def test_interrupt_while_waking():
    """It comes out after the call that it has struck, which is done, and the waiter is woken."""
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = FailingLoop()
    task = loop.create_task(semaphore.acquire())
    loop.run_until_complete(asyncio.sleep(0))
    loop.failures = 2
    released = []
    with pytest.raises(KeyboardInterrupt):
        released.append(semaphore.release())
        released.append("where it comes at the latest")
        wait_until(lambda: False)
    loop.run_until_complete(asyncio.wait_for(task, LONG))
    loop.close()
    assert len(released) < 3
    semaphore.release()
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
def test_loop_that_does_not_work():
    """Its waiters are skipped, and somebody is told."""
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = FailingLoop()
    loop.failures, loop.error = 1000, LookupError
    coroutine = waits_in(loop, semaphore.acquire())
    told = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda told_of: told.append(told_of.exc_type)
    try:
        semaphore.release()
    finally:
        sys.unraisablehook = hook
    assert told == [LookupError]
    assert all_free(semaphore)
    loop.failures = 0
    loop.close()
    coroutine.close()
