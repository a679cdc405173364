"""get_or_insert(): tasks and threads that share one computation."""

import asyncio
import threading

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict
from helpers.limits import LONG
from helpers.loops import run
from helpers.threads import Task, run_threads

from .shared import coroutine_function


def test_async_factory():
    d, calls = ConcurrentDict(), []

    async def factory():
        calls.append(1)
        await asyncio.sleep(0)
        return "value"

    async def main():
        first = await d.get_or_insert_async("key", factory)
        return first, await d.get_or_insert_async("key", factory), d.get_or_insert("key", list)

    assert run(main()) == ("value",) * 3
    assert calls == [1]
    assert d == {"key": "value"}


def test_async_values_of_any_kind():
    d = ConcurrentDict()

    async def main():
        for value in (None, (), (1,), [], False):

            async def factory(value=value):
                return value

            assert await d.get_or_insert_async(str(value), factory) is value
            assert await d.get_or_insert_async(str(value), factory) is value

    run(main())


def test_async_wrong_arguments():
    d = ConcurrentDict()
    for args in [(), ("key",), ("key", coroutine_function, 1), ([], coroutine_function)]:
        with pytest.raises(TypeError):
            d.get_or_insert_async(*args)

    async def main():
        for factory in (None, 5, lambda: 1, lambda _: 1):
            with pytest.raises(TypeError):
                await d.get_or_insert_async("key", factory)

        async def nested():
            return coroutine_function()

        with pytest.raises(TypeError, match="coroutine"):
            await d.get_or_insert_async("key", nested)

    run(main())
    assert not d


def test_tasks_share_one_computation():
    d, calls = ConcurrentDict(), []

    async def factory():
        calls.append(1)
        await asyncio.sleep(0)
        return [len(calls)]

    async def main():
        made = await asyncio.gather(*(d.get_or_insert_async("key", factory) for _ in range(20)))
        assert made[0] == [1]
        assert all(value is made[0] for value in made)

    run(main())


def test_loops_and_threads_share_one_computation():
    d, calls = ConcurrentDict(), AtomicInt64()

    async def factory():
        await asyncio.sleep(0)
        return (calls.incr(),)

    async def main():
        keys = range(50)
        return await asyncio.gather(*(d.get_or_insert_async(key, factory) for key in keys))

    def work(index):
        if index % 2:
            return run(main())
        return [d.get_or_insert(key, lambda: (calls.incr(),)) for key in range(50)]

    results = run_threads(4, work)
    assert calls == 50
    for others in results[1:]:
        assert all(one is other for one, other in zip(results[0], others, strict=True))


def test_thread_waits_for_a_task():
    d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()

    async def factory():
        leads.set()
        while not go.is_set():
            await asyncio.sleep(0.001)
        return "task"

    async def main():
        return await d.get_or_insert_async("key", factory)

    leader = Task(lambda: run(main()))
    assert leads.wait(LONG)
    follower = Task(d.get_or_insert, "key", lambda: 1 / 0).until_asleep()
    assert not follower.is_done()
    go.set()
    assert leader.result() == follower.result() == "task"


@pytest.mark.parametrize("fails", [False, True])
def test_task_waits_for_a_thread(fails):
    d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        leads.set()
        assert go.wait(LONG)
        if fails:
            raise LookupError
        return 5

    leader = Task(d.get_or_insert, "key", factory)
    assert leads.wait(LONG)

    async def main():
        task = asyncio.create_task(d.get_or_insert_async("key", coroutine_function))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
        go.set()
        return await task

    assert run(main()) == 5
    if fails:
        with pytest.raises(LookupError):
            leader.result()
    else:
        assert leader.result() == 5
