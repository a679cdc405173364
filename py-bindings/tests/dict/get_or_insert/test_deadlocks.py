"""get_or_insert(): tasks that would wait for ever."""

import asyncio
import threading

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.threads import Task

from .shared import coroutine_function


def test_task_asks_for_its_own_key():
    d = ConcurrentDict()

    async def factory():
        return await d.get_or_insert_async("key", coroutine_function)

    async def main():
        with pytest.raises(RuntimeError, match="same key"):
            await d.get_or_insert_async("key", factory)
        return await d.get_or_insert_async("key", coroutine_function)

    assert run(main()) == 5


def test_tasks_ask_for_each_others_keys():
    d = ConcurrentDict()

    async def ask(one, other):
        async def factory():
            await asyncio.sleep(0)
            return await d.get_or_insert_async(other, coroutine_function)

        return await d.get_or_insert_async(one, factory)

    async def main():
        return await asyncio.gather(ask("a", "b"), ask("b", "a"), return_exceptions=True)

    results = run(main())
    errors = [str(each) for each in results if isinstance(each, RuntimeError)]
    assert len(errors) == 1
    assert "deadlock" in errors[0]
    assert "'a'" in errors[0]
    assert "'b'" in errors[0]
    assert 5 in results


def test_thread_of_the_loop_asks_for_a_key_of_its_task():
    d = ConcurrentDict()

    async def main():
        made = asyncio.get_running_loop().create_future()

        async def factory():
            return await made

        [leader] = await started(d.get_or_insert_async("key", factory), rounds=3)
        with pytest.raises(RuntimeError, match="await get_or_insert_async"):
            d.get_or_insert("key", int)
        made.set_result(1)
        return await leader

    assert run(main()) == 1


def test_thread_and_task_ask_for_each_others_keys():
    d, both = ConcurrentDict(), threading.Barrier(2)

    def in_thread():
        def factory():
            both.wait(LONG)
            return d.get_or_insert("task's", lambda: 1)

        return d.get_or_insert("thread's", factory)

    async def in_task():
        async def factory():
            both.wait(LONG)
            return await d.get_or_insert_async("thread's", coroutine_function)

        return await d.get_or_insert_async("task's", factory)

    thread, errors = Task(in_thread), []
    for result in (lambda: run(in_task()), thread.result):
        try:
            assert result() in (1, 5)
        except RuntimeError as error:
            errors.append(str(error))
    assert len(errors) == 1
    assert "deadlock" in errors[0]


def test_other_tasks_of_a_loop_go_on_while_one_waits():
    d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        leads.set()
        assert go.wait(LONG)
        # Made by another task of the loop whose first task waits for this thread: no deadlock.
        return d.get_or_insert("task's", lambda: 1 / 0) + 1

    thread = Task(d.get_or_insert, "thread's", factory)
    assert leads.wait(LONG)

    async def main():
        made = asyncio.get_running_loop().create_future()

        async def make():
            return await made

        tasks = await started(
            d.get_or_insert_async("thread's", coroutine_function),
            d.get_or_insert_async("task's", make),
            rounds=3,
        )
        go.set()
        await asyncio.to_thread(thread.until_asleep)
        made.set_result(1)
        return await asyncio.gather(*tasks)

    assert run(main()) == [2, 1]
    assert thread.result() == 2
