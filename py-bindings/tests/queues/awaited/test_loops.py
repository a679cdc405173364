"""The coroutines of all queues: several loops and threads on one queue."""

import asyncio
import threading
from collections import Counter

import pytest
from ft_utils.concurrency import ConcurrentQueue
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.threads import Task, flat, run_threads

from queues.kinds import EACH

from .shared import left_in_a_closed_loop


@EACH
def test_closed_loops_are_skipped(kind):
    q = kind(maxsize=1)
    left = [left_in_a_closed_loop(q.get_async()) for _ in range(100)]

    async def main():
        (task,) = await started(q.get_async())
        q.push(1)
        assert await task == 1
        q.push(2)
        puts = [left_in_a_closed_loop_of(q.put_async(n)) for n in range(3)]
        (task,) = await started(q.put_async(3))
        assert q.pop() == 2
        await task
        assert q.pop() == 3
        assert puts

    def left_in_a_closed_loop_of(coroutine):
        return Task(left_in_a_closed_loop, coroutine).result()

    run(main())
    with pytest.raises(RuntimeError, match="cannot reuse"):
        left[0].send(None)


@EACH
def test_threads_are_skipped_to(kind):
    """A thread gets the item that woke a task of a closed loop."""
    q = kind()
    left = left_in_a_closed_loop(q.get_async())
    popper = Task(q.pop, LONG).until_asleep()
    q.push(1)
    assert popper.result() == 1
    assert left is not None


@EACH
def test_loops_and_threads(kind):
    q = kind(maxsize=4)
    is_fifo = issubclass(kind, ConcurrentQueue)
    n = 300

    def in_thread(index):
        if index % 2:
            q.push_many([(index, i) for i in range(n)], LONG)
            return []
        return [q.pop(LONG) for _ in range(n)]

    async def in_loop(index):
        if index % 2:
            for i in range(n):
                await q.put_async((index, i), LONG)
            return []
        return [await q.get_async(LONG) for _ in range(n)]

    def work(index):
        return run(in_loop(index)) if index < 4 else in_thread(index)

    results = run_threads(6, work)
    for items in results:
        for producer in (1, 3, 5):
            mine = [i for index, i in items if index == producer]
            assert mine == sorted(mine) or not is_fifo
    assert Counter(flat(results)) == Counter((k, i) for k in (1, 3, 5) for i in range(n))
    assert q.empty()


@EACH
def test_many_tasks_in_one_queue(kind):
    q = kind()
    n = 2000

    async def main():
        tasks = await started(*[q.get_async() for _ in range(n)])
        threading.Thread(target=q.push_many, args=(range(n),)).start()
        assert sorted(await asyncio.gather(*tasks)) == list(range(n))

    run(main())


@EACH
def test_handles_share_the_line(kind):
    q = kind(maxsize=1)

    async def main():
        (get,) = await started(q.handle().get_async())
        await q.handle().put_async(1)
        assert await get == 1
        q.push(2)
        (put,) = await started(q.handle().put_async(3))
        assert q.pop() == 2
        await put
        assert await q.get_async() == 3

    run(main())


@EACH
def test_threads_and_tasks_wake_each_other(kind):
    q = kind(maxsize=1)

    async def main():
        popper = Task(q.pop, LONG).until_asleep()
        await q.put_async(1)
        assert popper.result() == 1
        (get,) = await started(q.get_async())
        pusher = Task(q.push, 2, LONG)
        assert await get == 2
        pusher.result()
        q.push(3)
        pusher = Task(q.push, 4, LONG).until_asleep()
        assert await q.get_async() == 3
        pusher.result()
        (put,) = await started(q.put_async(5))
        popper = Task(q.pop, LONG)
        await put
        assert sorted([popper.result(), q.pop()]) == [4, 5]

    run(main())


@EACH
def test_threads_and_loops_get_all_items(kind):
    q = kind()
    n = 300

    async def consume(index):
        return [await q.get_async() for _ in range(n)]

    def work(index):
        if index < 2:
            return run(consume(index))
        if index == 2:
            return [q.pop(LONG) for _ in range(n)]
        for i in range(3 * n):
            q.push(i)
        return []

    assert sorted(flat(run_threads(4, work))) == list(range(3 * n))
