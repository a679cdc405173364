"""The coroutines of all queues: comparisons of items that raise."""

import asyncio

import pytest
from ft_utils.concurrency import StdConcurrentPriorityQueue
from helpers.limits import LONG
from helpers.loops import run, started

from .shared import Ordered, Refused, refuse


def test_comparison_that_raises_puts_nothing_in():
    q = StdConcurrentPriorityQueue()

    async def main():
        await q.put_async(Ordered(1))
        with pytest.raises(Refused):
            await q.put_async(Ordered(0, refuse))
        assert q.qsize() == q.unfinished_tasks == 1
        assert (await q.get_async()).value == 1

    run(main())


def test_comparison_that_raises_takes_nothing_out():
    q = StdConcurrentPriorityQueue()
    items = [Ordered(i) for i in range(5)]

    async def main():
        tasks = await started(*[q.get_async() for _ in range(5)])
        q.push_many(items)
        for item in items:
            item.before = refuse
        # In the loop's next round every task is woken, and most have to compare.
        got = await asyncio.gather(*tasks, return_exceptions=True)
        taken = [item.value for item in got if not isinstance(item, Refused)]
        assert len(taken) + q.qsize() == 5
        assert q.qsize() >= 3
        for item in items:
            item.before = lambda: None
        rest = [(await q.get_async()).value for _ in range(q.qsize())]
        assert sorted(taken + rest) == list(range(5))

    run(main())


def test_comparison_that_raises_passes_the_wake_up_on():
    q = StdConcurrentPriorityQueue(maxsize=3)

    async def main():
        # A get: three tasks are woken, and each of them wakes the next.
        tasks = await started(*[q.get_async() for _ in range(4)])
        items = [Ordered(i) for i in range(3)]
        q.push_many(items)
        for item in items:
            item.before = refuse
        for task in tasks:
            with pytest.raises(Refused):
                await asyncio.wait_for(task, LONG)
        for item in items:
            item.before = lambda: None
        # A put: the room for the one that fails goes to the next.
        bad, good = await started(q.put_async(Ordered(-1, refuse)), q.put_async(Ordered(9)))
        assert q.pop().value == 0
        with pytest.raises(Refused):
            await bad
        await asyncio.wait_for(good, LONG)
        assert [q.pop().value for _ in range(3)] == [1, 2, 9]
        assert q.unfinished_tasks == 4

    run(main())


def test_comparison_uses_the_coroutine_that_compares():
    q = StdConcurrentPriorityQueue()
    q.push(Ordered(1))
    seen = []

    def meddle():
        for call in (lambda: put.send(None), put.close, lambda: put.throw(Refused)):
            with pytest.raises(ValueError, match="already executing"):
                call()
        seen.append(1)

    put = q.put_async(Ordered(0, meddle))
    with pytest.raises(StopIteration):
        put.send(None)
    assert seen
    assert q.pop().value == 0
