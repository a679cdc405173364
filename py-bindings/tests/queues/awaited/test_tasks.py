"""The coroutines of all queues: items that are put in by tasks count as tasks of the queue."""

import asyncio

import pytest
from ft_utils.concurrency import Full, ShutDown
from helpers.loops import run, started
from helpers.threads import Task

from queues.kinds import EACH_STD


@EACH_STD
def test_async_puts_count_as_tasks(kind):
    q = kind(maxsize=2)

    async def main():
        await q.put_async(1)
        await q.push_async(2)
        assert q.unfinished_tasks == 2
        (put, cancelled) = await started(q.put_async(3), q.put_async(4))
        assert q.unfinished_tasks == 2
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        with pytest.raises(Full):
            await q.put_async(5, timeout=0)
        joins = Task(q.join).until_asleep()
        await q.get_async()
        await put
        assert q.unfinished_tasks == 3
        for _ in range(3):
            assert not joins.is_done()
            q.task_done()
        joins.result()
        with pytest.raises(ValueError, match="task_done"):
            q.task_done()

    run(main())


@EACH_STD
def test_shutdown_discards_the_tasks_of_async_puts(kind):
    q = kind(maxsize=1)

    async def main():
        await q.put_async(1)
        (put,) = await started(q.put_async(2))
        joins = Task(q.join).until_asleep()
        q.shutdown(immediate=True)
        with pytest.raises(ShutDown):
            await put
        joins.result()
        assert q.unfinished_tasks == 0

    run(main())
