"""map_ordered() in coroutines."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from ft_utils import Event, map_ordered
from helpers.loops import run, started
from helpers.threads import Task, run_threads

from .shared import Manual, inverse, square


def test_async_for():
    async def main():
        with ThreadPoolExecutor(2) as pool:
            results = map_ordered(pool, square, range(100), window=5)
            assert [result async for result in results] == [n * n for n in range(100)]
            with pytest.raises(StopAsyncIteration):
                await anext(results)
            assert next(results, "end") == "end"

    run(main())


def test_failures_come_in_their_turn():
    async def main():
        with ThreadPoolExecutor(2) as pool:
            results = map_ordered(pool, inverse, [1, 2, 0, 4])
            assert [await anext(results) for _ in range(2)] == [1, 0.5]
            with pytest.raises(ZeroDivisionError):
                await anext(results)
            with pytest.raises(StopAsyncIteration):
                await anext(results)

    run(main())


def test_a_cancelled_task_leaves_its_result():
    executor = Manual()
    results = map_ordered(executor, square, range(4), window=2)

    async def main():
        first, second = await started(anext(results), anext(results))
        first.cancel()
        await asyncio.sleep(0)
        assert first.cancelled()
        executor.run(0)
        assert await second == 0
        # At most a window of calls was made for those.
        assert len(executor.calls) <= 3
        (third,) = await started(anext(results))
        executor.run(1)
        # Too late: it has been woken, and has not run yet.
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        assert await anext(results) == 1

    run(main())


def test_timeout():
    executor = Manual()
    results = map_ordered(executor, square, range(4), timeout=0.01)

    async def main():
        first = asyncio.create_task(anext(results))
        second = asyncio.create_task(anext(results))
        with pytest.raises(TimeoutError):
            await first
        # It may have its turn when the first one has ended the iterator.
        with pytest.raises((TimeoutError, StopAsyncIteration)):
            await second
        with pytest.raises(StopAsyncIteration):
            await anext(results)

    run(main())
    assert all(future.cancelled() for future, _, _ in executor.calls)


def test_items_that_ask_for_results():
    async def main():
        def items():
            yield 1
            yield from (next(results) for _ in range(1))

        with ThreadPoolExecutor(1) as pool:
            results = map_ordered(pool, square, items(), window=1)
            assert await anext(results) == 1
            with pytest.raises(RuntimeError, match="ask for its results"):
                await anext(results)

    run(main())


def test_shared_by_threads_and_tasks():
    with ThreadPoolExecutor(2) as pool:
        results = map_ordered(pool, square, range(300), window=8)

        async def reads():
            return [result async for result in results]

        async def tasks():
            lists = await asyncio.gather(reads(), reads())
            for each in lists:
                assert each == sorted(each)
            return lists[0] + lists[1]

        def work(n):
            return run(tasks()) if n < 2 else list(results)

        read = [result for each in run_threads(4, work) for result in each]
    assert sorted(read) == [n * n for n in range(300)]


def test_a_thread_waits_behind_a_task():
    executor, waits = Manual(), Event()
    results = map_ordered(executor, square, range(4))

    async def main():
        (task,) = await started(anext(results))
        waits.set()
        return await task

    reader = Task(lambda: run(main()))
    assert waits.wait(30)
    thread = Task(next, results).until_asleep()
    executor.run(1)
    assert not thread.is_done()
    executor.run(0)
    assert (reader.result(), thread.result()) == (0, 1)
