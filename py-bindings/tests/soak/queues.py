"""Rounds of the queues, in threads and in tasks."""

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, Full

import ft_utils
from helpers.threads import run_threads

from .items import THREADS, Item, N, emptied, numbers, scenario, shared_out


def through(push: Callable, pop: Callable, close: Callable) -> list[Item]:
    """Send N items through a queue, and return what arrives, in order of arrival per thread."""
    left = ft_utils.AtomicInt64(THREADS)

    def work(index: int) -> list[Item]:
        if index >= THREADS:
            return emptied(pop, ft_utils.ShutDown)
        for item in shared_out(index):
            push(item)
        if left.decr() == 0:
            close()
        return []

    return [item for items in run_threads(2 * THREADS, work) for item in items]


@scenario
def queue() -> None:
    for q in (
        ft_utils.ConcurrentQueue(),
        ft_utils.ConcurrentQueue(maxsize=3),
        ft_utils.ConcurrentQueue(lock_free=True),
    ):
        q.push_many([])
        assert numbers(through(q.push, q.pop, q.shutdown)) == list(range(N))
    q = ft_utils.ConcurrentQueue()
    q.push_many(map(Item, range(N)))
    assert emptied(lambda: q.pop(0), Empty)[-1].number == N - 1
    q.push(Item(0))
    q.shutdown(immediate=True)


@scenario
def std_queues() -> None:
    for kind in (
        ft_utils.StdConcurrentQueue,
        ft_utils.StdConcurrentLifoQueue,
        ft_utils.StdConcurrentPriorityQueue,
    ):
        q = kind(maxsize=N // 2)
        waiter = threading.Thread(target=q.join)
        q.put(Item(-1))
        waiter.start()

        def get(q=q) -> Item:
            item = q.get()
            q.task_done()
            return item

        items = through(q.put, get, q.shutdown)
        waiter.join(60)
        assert not waiter.is_alive()
        assert q.unfinished_tasks == 0
        assert numbers(items) == list(range(-1, N))
        q = kind(maxsize=1)
        q.put(Item(1))
        try:
            q.put(Item(2), timeout=0.001)
        except Full:
            q.shutdown(immediate=True)


@scenario
def awaited_queue() -> None:
    q = ft_utils.ConcurrentQueue(maxsize=4)

    async def take() -> list[Item]:
        items = []
        while (item := await q.get_async()) is not None:
            items.append(item)
        return items

    async def give() -> None:
        for number in range(N // 4):
            await q.put_async(Item(number))
        await q.put_async(None)

    taken = run_threads(2, lambda index: asyncio.run(give() if index else take()))[0]
    assert [item.number for item in taken] == list(range(N // 4))
