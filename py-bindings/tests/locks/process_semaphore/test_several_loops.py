"""ProcessSemaphore: slots that loops and threads share."""

import asyncio
import random
import threading

import pytest
from ft_utils.concurrency import AtomicInt64, ProcessSemaphore
from helpers.limits import LONG
from helpers.loops import run
from helpers.threads import Task, run_threads, wait_until

from .shared import all_free, queued, until, waiting


def test_loops_and_threads_share_slots():
    slots = 3
    semaphore = ProcessSemaphore(slots)
    inside = AtomicInt64()
    rounds = 100

    async def main(_):
        async def work():
            for _ in range(rounds):
                async with semaphore:
                    assert inside.incr() <= slots
                    await asyncio.sleep(0)
                    inside.decr()

        await asyncio.gather(*[work() for _ in range(4)])

    def in_thread():
        for _ in range(rounds):
            with semaphore:
                assert inside.incr() <= slots
                inside.decr()

    def work(index):
        if index < 3:
            asyncio.run(asyncio.wait_for(main(index), LONG))
        else:
            in_thread()

    run_threads(6, work)
    assert all_free(semaphore)


def test_order_over_loops_and_threads():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    order = []

    def coroutine(n):
        async def main():
            async with semaphore:
                order.append(n)

        asyncio.run(main())

    def thread(n):
        with semaphore:
            order.append(n)

    tasks = []
    for n in range(8):
        tasks.append(Task(thread if n % 3 == 2 else coroutine, n))
        wait_until(lambda: waiting(semaphore) == len(tasks))
    semaphore.release()
    for task in tasks:
        task.result()
    assert order == list(range(8))
    assert all_free(semaphore)


def test_release_from_a_thread_without_a_loop():
    semaphore = ProcessSemaphore(1)

    async def main():
        for _ in range(20):
            await semaphore.acquire()
            releaser = threading.Thread(target=semaphore.release)
            releaser.start()
            await semaphore.acquire()
            releaser.join()
            semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_thread_waits_for_a_task():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        waiter = Task(semaphore.acquire_sync, timeout=LONG)
        await until(lambda: waiting(semaphore))
        semaphore.release()
        assert await asyncio.to_thread(waiter.result) is True
        semaphore.release()

    run(main())
    assert all_free(semaphore)


@pytest.mark.parametrize("seed", range(3))
def test_random_cancellations(seed):
    slots = 2
    semaphore = ProcessSemaphore(slots)
    inside = AtomicInt64()
    entered = AtomicInt64()

    async def main(index):
        rng = random.Random(seed * 100 + index)

        async def work():
            for _ in range(5):
                async with semaphore:
                    try:
                        assert inside.incr() <= slots
                        entered.incr()
                        await asyncio.sleep(0)
                    finally:
                        inside.decr()

        for _ in range(8):
            tasks = [asyncio.create_task(work()) for _ in range(6)]
            while pending := [task for task in tasks if not task.done()]:
                if rng.random() < 0.4:
                    rng.choice(pending).cancel()
                await asyncio.sleep(rng.choice([0, 0, 0, 0.0001]))
            for task in tasks:
                if not task.cancelled():
                    task.result()

    def in_thread(index):
        rng = random.Random(index)
        for _ in range(200):
            if semaphore.acquire_sync(timeout=rng.random() / 5000):
                assert inside.incr() <= slots
                inside.decr()
                semaphore.release()

    def work(index):
        if index < 3:
            asyncio.run(asyncio.wait_for(main(index), LONG))
        else:
            in_thread(index)

    run_threads(5, work)
    assert int(entered) > 0
    assert all_free(semaphore)


def test_hand_over_against_cancellation():
    """A thread hands over and the loop cancels, in one moment: no slot is lost."""
    semaphore = ProcessSemaphore(1)
    barrier = threading.Barrier(2)
    rounds = 200

    async def main():
        for _ in range(rounds):
            await semaphore.acquire()
            tasks = await queued(semaphore, 2)
            barrier.wait(LONG)
            tasks[0].cancel()
            (cancelled,) = await asyncio.gather(tasks[0], return_exceptions=True)
            if cancelled is None:
                semaphore.release()
            await tasks[1]
            semaphore.release()
            assert all_free(semaphore)

    def release():
        for _ in range(rounds):
            barrier.wait(LONG)
            semaphore.release()

    task = Task(release)
    run(main())
    task.result()
