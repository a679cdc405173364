"""fail() of all queues: join(), and tasks that wait."""

import asyncio

import pytest
from ft_utils.concurrency import ConcurrentQueue, QueueFailed, StdConcurrentQueue
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.threads import Task

from queues.kinds import EACH, EACH_STD

from .shared import BAD_ROW, failed, filled


@EACH_STD
def test_join_of_a_failed_queue(kind):
    q = failed(filled(kind, 1))
    with pytest.raises(QueueFailed, match=BAD_ROW):
        q.join()
    q.get()
    q.task_done()
    q.join()


@EACH
def test_failure_wakes_tasks(kind):
    empty, full = kind(), filled(kind, 1, maxsize=1)

    async def main():
        waiting = [empty.get_async(), empty.pop_async(LONG), full.put_async(1), full.push_async(1)]
        if kind is not ConcurrentQueue:
            waiting.append(full.join_async())
        tasks = await started(*waiting)
        for q in (empty, full):
            Task(failed, q).result()
        for task in tasks:
            with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
                await task
            assert isinstance(caught.value.__cause__, ValueError)
        for call in (empty.get_async, lambda: full.put_async(1)):
            with pytest.raises(QueueFailed, match=BAD_ROW):
                await call()
        assert await full.get_async() == 1

    run(main())


@EACH_STD
def test_join_async(kind):
    q = kind()

    async def work():
        while True:
            await q.get_async()
            await asyncio.sleep(0)
            q.task_done()

    async def main():
        await q.join_async()
        worker = asyncio.create_task(work())
        for n in range(5):
            await q.put_async(n)
        await q.join_async()
        assert q.unfinished_tasks == 0
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

    run(main())


@EACH_STD
@pytest.mark.parametrize(
    "finish",
    [
        lambda q: [q.task_done(), q.task_done()],
        lambda q: Task(lambda: [q.task_done(), q.task_done()]).result(),
        lambda q: q.shutdown(immediate=True),
        lambda q: Task(q.shutdown, True).result(),
    ],
    ids=["here", "in a thread", "shutdown", "shutdown in a thread"],
)
def test_join_async_is_woken(kind, finish):
    q = filled(kind, 1, 2)

    async def main():
        tasks = await started(q.join_async(), q.handle().join_async(), q.join_async())
        # One that leaves takes nothing from the others.
        tasks[0].cancel()
        await asyncio.gather(tasks.pop(0), return_exceptions=True)
        finish(q)
        assert await asyncio.gather(*tasks) == [None, None]

    run(main())


@EACH_STD
def test_join_async_that_is_given_up(kind):
    q = filled(kind, 1)

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(q.join_async(), 0.01)
        joins = Task(q.join).until_asleep()
        q.task_done()
        joins.result()

    run(main())


def test_join_async_without_tasks():
    q = StdConcurrentQueue.__new__(StdConcurrentQueue)
    ConcurrentQueue.__init__(q)
    with pytest.raises(RuntimeError, match="__init__"):
        q.join_async()
    q.fail(ValueError("bad row"))
    with pytest.raises(QueueFailed):
        q.get()
