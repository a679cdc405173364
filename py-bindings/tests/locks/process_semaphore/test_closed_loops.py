"""ProcessSemaphore: loops that are closed while a task waits."""

import asyncio
import weakref

import pytest
from ft_utils.concurrency import ProcessSemaphore
from helpers.limits import LONG
from helpers.loops import run
from helpers.objects import collected
from helpers.threads import Task, wait_until

from .shared import all_free, queued, waiting, waits_in


def left_in_a_closed_loop(semaphore):
    """Return a coroutine that waits in a loop that was closed."""
    loop = asyncio.new_event_loop()
    coroutine = waits_in(loop, semaphore.acquire())
    loop.close()
    return coroutine


@pytest.mark.parametrize("next_one", ["nobody", "thread", "task"])
def test_closed_loops_are_skipped(next_one):
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    # Enough of them to overflow the stack, were each to call the next.
    left = [left_in_a_closed_loop(semaphore) for _ in range(50 if next_one != "nobody" else 3000)]
    assert waiting(semaphore) == len(left)
    if next_one == "nobody":
        semaphore.release()
    elif next_one == "thread":
        task = Task(semaphore.acquire_sync, timeout=LONG)
        wait_until(lambda: waiting(semaphore) == len(left) + 1)
        semaphore.release()
        assert task.result()
        semaphore.release()
    else:

        async def main():
            (task,) = await queued(semaphore)
            semaphore.release()
            await task
            semaphore.release()

        run(main())
    assert all_free(semaphore)
    with pytest.raises(RuntimeError, match="cannot reuse"):
        left[0].send(None)


def test_loop_closed_after_hand_over():
    """The slot comes back when the waiter, which will never run, is destroyed."""
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = asyncio.new_event_loop()
    coroutine = waits_in(loop, semaphore.acquire())
    semaphore.release()
    assert semaphore.locked()
    loop.close()
    del coroutine
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
def test_task_destroyed_while_pending():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)

    async def begin():
        # Only the future that the task waits for keeps the task alive.
        (task,) = await queued(semaphore)
        return weakref.ref(task)

    task = loop.run_until_complete(begin())
    loop.close()
    del loop
    assert collected(task)
    assert waiting(semaphore) == 0
    semaphore.release()
    assert all_free(semaphore)
