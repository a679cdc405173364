"""The coroutines of all queues: shutdown() while tasks wait."""

import pytest
from ft_utils.concurrency import AtomicInt64, ShutDown
from helpers.loops import run, started
from helpers.threads import Task, wait_until

from queues.kinds import EACH


@EACH
def test_shutdown(kind):
    async def main():
        q = kind(maxsize=1)
        gets = await started(q.get_async(), q.get_async())
        q.shutdown()
        for task in gets:
            with pytest.raises(ShutDown):
                await task
        with pytest.raises(ShutDown):
            await q.put_async(1)
        q = kind(maxsize=1)
        q.push(1)
        (put,) = await started(q.put_async(2))
        q.shutdown()
        with pytest.raises(ShutDown):
            await put
        assert await q.get_async() == 1
        with pytest.raises(ShutDown):
            await q.get_async()
        q = kind(maxsize=1)
        q.push(1)
        (put,) = await started(q.put_async(2))
        q.shutdown(immediate=True)
        with pytest.raises(ShutDown):
            await put
        assert q.empty()

    run(main())


@EACH
def test_shutdown_ends_all_loops(kind):
    q = kind()
    waits = AtomicInt64()

    async def main(_):
        waits.incr()
        with pytest.raises(ShutDown):
            await q.get_async()

    tasks = [Task(lambda i=i: run(main(i))) for i in range(4)]
    wait_until(lambda: waits == 4)
    q.shutdown()
    for task in tasks:
        task.result()
