"""Rounds of the locks and the semaphore."""

import asyncio
import contextlib

import ft_utils
from helpers.threads import run_threads, wait_until

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


@scenario
def condition() -> None:
    """No notification is lost, whoever times out, is cancelled or stopped."""
    filled, items, taken, over = ft_utils.Condition(), [0], ft_utils.AtomicInt64(), []

    def take(notified: bool) -> None:
        if items[0]:
            items[0] -= 1
            taken.incr()
        elif notified:
            # Somebody who was not notified has come first, so this notification is of no more use.
            filled.notify()

    def patient() -> None:
        while not over or items[0]:
            with filled:
                filled.wait_for(lambda: items[0] or over)
                take(False)

    def hasty() -> None:
        for _ in range(20):
            with filled:
                take(filled.wait(0.0001))

    def stopped() -> None:
        def member() -> None:
            with filled:
                take(filled.wait())

        for _ in range(3):
            with contextlib.suppress(ExceptionGroup), ft_utils.ThreadGroup() as group:
                group.start(member)
                group.start(member)
                raise ValueError

    async def cancelled() -> None:
        async def task() -> None:
            async with filled:
                take(await filled.wait_async())

        for _ in range(20):
            waiting = asyncio.create_task(task())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    def put() -> None:
        for _ in range(N):
            with filled:
                items[0] += 1
                filled.notify()
        # If a notification is lost, this does not end.
        wait_until(lambda: taken.get() == N)
        with filled:
            over.append(True)
            filled.notify_all()

    work = (patient, put, hasty, stopped, lambda: asyncio.run(cancelled()))
    run_threads(len(work), lambda index: work[index]())
