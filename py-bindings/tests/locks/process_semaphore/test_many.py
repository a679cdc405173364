"""ProcessSemaphore: many slots at once, and a limit that changes."""

import asyncio

import pytest
from ft_utils import AtomicInt64, ProcessSemaphore
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.threads import Task, run_threads

from .shared import all_free, waiting


def test_many_come_and_go_together():
    semaphore = ProcessSemaphore(5)
    assert semaphore.try_acquire(3)
    assert not semaphore.try_acquire(n=3)
    assert not semaphore.acquire_sync(False, n=3)
    assert not semaphore.acquire_sync(timeout=0.001, n=3)
    assert semaphore.acquire_sync(n=2)
    with pytest.raises(ValueError, match="more often than acquired"):
        semaphore.release(6)
    semaphore.release(2)
    assert semaphore.value == 2

    async def main():
        await semaphore.acquire(2)
        (task,) = await started(semaphore.acquire(n=4))
        semaphore.release(3)
        await asyncio.sleep(0)
        assert (task.done(), semaphore.value, waiting(semaphore)) == (False, 0, 1)
        semaphore.release(2)
        await task
        assert semaphore.value == 1
        semaphore.release(n=4)

    run(main())
    assert all_free(semaphore)


@pytest.mark.parametrize(
    ("n", "error"), [(0, ValueError), (-1, ValueError), (2**70, OverflowError), (1.0, TypeError)]
)
def test_bad_numbers(n, error):
    semaphore = ProcessSemaphore(2)
    for call in (semaphore.acquire, semaphore.try_acquire, semaphore.release):
        with pytest.raises(error):
            call(n)
    with pytest.raises(error):
        semaphore.acquire_sync(n=n)
    if n != 0:
        with pytest.raises(error):
            semaphore.limit = n
        with pytest.raises(error):
            ProcessSemaphore(0, n)
    assert semaphore.try_acquire(AtomicInt64(2))
    assert semaphore.limit == 2


def test_start_at_zero():
    semaphore = ProcessSemaphore(0, limit=2)
    assert (semaphore.value, semaphore.limit, semaphore.locked()) == (0, 2, True)
    thread = Task(semaphore.acquire_sync).until_asleep()
    semaphore.release()
    assert thread.result() is True
    semaphore.release(2)
    with pytest.raises(ValueError, match="more often"):
        semaphore.release()
    with pytest.raises(ValueError, match="value is larger than the limit: 3 > 2"):
        ProcessSemaphore(3, 2)
    with pytest.raises(ValueError, match="value must be at least 0"):
        ProcessSemaphore(-1, 2)


def test_a_larger_limit_serves():
    semaphore = ProcessSemaphore(0, 0)
    thread = Task(semaphore.acquire_sync, n=2).until_asleep()

    async def main():
        tasks = await started(*(semaphore.acquire() for _ in range(2)))
        semaphore.limit = 3
        await tasks[0]
        assert not tasks[1].done()
        semaphore.limit += 1
        await tasks[1]

    run(main())
    assert thread.result() is True
    assert (semaphore.value, semaphore.limit) == (0, 4)
    semaphore.release(4)
    assert all_free(semaphore)


def test_a_smaller_limit_takes_what_is_released():
    semaphore = ProcessSemaphore(4)
    assert semaphore.try_acquire(3)
    semaphore.limit = 2
    assert (semaphore.value, semaphore.limit) == (0, 2)
    semaphore.release()
    assert not semaphore.try_acquire()
    semaphore.release(2)
    assert semaphore.value == 2
    with pytest.raises(ValueError, match="more often"):
        semaphore.release()


def test_cancelled_while_slots_are_set_aside():
    semaphore = ProcessSemaphore(3)
    assert semaphore.try_acquire(2)

    async def main():
        three, one = await started(semaphore.acquire(3), semaphore.acquire())
        three.cancel()
        await one
        assert three.cancelled()
        semaphore.release(3)

    run(main())
    assert all_free(semaphore)


def test_threads_and_tasks_of_several_loops():
    """However many each takes, and however the limit changes, never more are out than it allows."""
    semaphore, out, largest = ProcessSemaphore(4), AtomicInt64(), 6

    async def takes(n):
        for turn in range(50):
            slots = 1 + (n + turn) % 3
            await semaphore.acquire(slots)
            out.fetch_add(slots)
            assert out.get() <= largest
            out.fetch_sub(slots)
            semaphore.release(slots)

    async def tasks():
        await asyncio.gather(*(takes(n) for n in range(3)))

    def work(n):
        if n == 0:
            for turn in range(50):
                semaphore.limit = 3 + turn % 4
            semaphore.limit = 4
        elif n < 3:
            run(tasks())
        else:
            for turn in range(50):
                slots = 1 + turn % 3
                assert semaphore.acquire_sync(timeout=LONG, n=slots)
                out.fetch_add(slots)
                assert out.get() <= largest
                out.fetch_sub(slots)
                semaphore.release(slots)

    run_threads(5, work)
    assert all_free(semaphore)
