"""Rounds of the locks and the semaphore."""

import asyncio

import ft_utils
from helpers.threads import run_threads

from .items import THREADS, N, scenario


@scenario
def read_write_lock() -> None:
    lock, pair = ft_utils.RWLock(), [0, 0]

    def work(index: int) -> None:
        for _ in range(N):
            if index:
                with lock.read():
                    assert pair[0] == pair[1]
            else:
                with lock.write():
                    pair[0] += 1
                    pair[1] += 1

    run_threads(THREADS, work)
    assert pair == [N, N]


@scenario
def interval_lock() -> None:
    lock, count = ft_utils.IntervalLock(0.0001), [0]

    def work(index: int) -> None:
        for _ in range(5):
            with lock:
                for _ in range(N // 5):
                    count[0] += 1
                    lock.poll()

    run_threads(THREADS, work)
    assert count == [N * THREADS]


@scenario
def semaphore() -> None:
    semaphore, inside = ft_utils.ProcessSemaphore(2), ft_utils.AtomicInt64()

    async def task() -> None:
        for _ in range(5):
            async with semaphore:
                assert inside.incr() <= 2
                await asyncio.sleep(0)
                inside.decr()

    async def tasks() -> None:
        group = [asyncio.create_task(task()) for _ in range(5)]
        group[0].cancel()
        await asyncio.gather(*group, return_exceptions=True)

    def work(index: int) -> None:
        if index:
            asyncio.run(tasks())
        else:
            for _ in range(20):
                semaphore.acquire_sync()
                assert inside.incr() <= 2
                inside.decr()
                semaphore.release()

    # A task that was cancelled inside has not counted itself out.
    run_threads(THREADS, work)
    assert not semaphore.locked()
