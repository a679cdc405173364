"""ProcessSemaphore: futures and tasks of every kind."""

import asyncio
import sys
import warnings

import pytest
from ft_utils.concurrency import ProcessSemaphore
from helpers.limits import LONG
from helpers.loops import run

from .shared import all_free, until, waiting


def test_future_cancelled_by_somebody():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        future = coroutine.send(None)
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            coroutine.send(None)
        assert waiting(semaphore) == 0
        semaphore.release()

    run(main())
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
def test_never_awaited():
    semaphore = ProcessSemaphore(1)
    with pytest.warns(RuntimeWarning, match=r"ProcessSemaphore\.acquire' was never awaited"):
        semaphore.acquire()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coroutine = semaphore.acquire()
        coroutine.close()
        del coroutine
    assert all_free(semaphore)


def test_wait_for_and_timeout():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(semaphore.acquire(), 0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await semaphore.acquire()
        assert waiting(semaphore) == 0
        async with asyncio.timeout(LONG), asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(semaphore.acquire())
            await until(lambda: waiting(semaphore) == 3)
            for _ in range(3):
                semaphore.release()
        semaphore.release()
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                await semaphore.acquire()
                group.create_task(semaphore.acquire())
                await until(lambda: waiting(semaphore))
                raise LookupError
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_debug_mode_and_eager_tasks():
    semaphore = ProcessSemaphore(1)

    async def work():
        async with semaphore:
            await asyncio.sleep(0)

    async def main():
        if sys.version_info >= (3, 12):
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await asyncio.gather(*[asyncio.create_task(work()) for _ in range(10)])

    asyncio.run(main(), debug=True)
    assert all_free(semaphore)


def test_python_futures_and_tasks():
    """The pure Python classes of asyncio do as well as the C ones."""
    semaphore = ProcessSemaphore(1)
    order = []

    async def work(n):
        async with semaphore:
            order.append(n)
            await asyncio.sleep(0)

    async def main():
        loop = asyncio.get_running_loop()
        loop.create_future = lambda: asyncio.futures._PyFuture(loop=loop)
        loop.set_task_factory(
            lambda loop, coro, **kwargs: asyncio.tasks._PyTask(coro, loop=loop, **kwargs)
        )
        await asyncio.gather(*[asyncio.create_task(work(n)) for n in range(5)])
        quitter = asyncio.create_task(work(5))
        async with semaphore:
            await until(lambda: waiting(semaphore))
            quitter.cancel()
            with pytest.raises(asyncio.CancelledError):
                await quitter

    run(main())
    assert order == list(range(5))
    assert all_free(semaphore)
