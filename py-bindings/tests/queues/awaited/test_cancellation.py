"""The coroutines of all queues: cancelled tasks lose no item."""

import asyncio
import contextlib
import gc
import random
from collections import Counter

import pytest
from ft_utils.concurrency import AtomicInt64, Empty, ShutDown
from helpers.loops import run, started
from helpers.objects import Thing
from helpers.threads import flat, run_threads

from queues.kinds import EACH


@EACH
def test_cancelled_get_takes_nothing(kind):
    q = kind()

    async def main():
        (first, second) = await started(q.get_async(), q.get_async())
        q.push(1)
        # It was woken, but has not run: the item is still there, and the wake-up passes on.
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == 1
        (third,) = await started(q.get_async())
        q.push(2)
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        assert q.try_pop() == 2

    run(main())


@EACH
def test_cancelled_put_appends_nothing(kind):
    q = kind(maxsize=1)
    q.push("a")

    async def main():
        (first, second) = await started(q.put_async("b"), q.put_async("c"))
        assert q.pop() == "a"
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert q.try_pop() == "c"

    run(main())


@EACH
def test_item_dies_with_its_put(kind):
    q = kind(maxsize=1)
    q.push("a")

    async def main():
        dead = []
        for end in ("cancel", "close", "destroy"):
            coroutine = q.put_async(Thing(lambda: dead.append(1)))
            if end == "cancel":
                (task,) = await started(coroutine)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del task
            else:
                coroutine.send(None)
                if end == "close":
                    coroutine.close()
            del coroutine
            gc.collect()
            assert dead.pop()

    run(main())


@EACH
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("maxsize", [0, 1, 3])
def test_random_cancellations(kind, seed, maxsize):
    """Each item of a finished put comes out once; an item of a cancelled put never does."""
    q = kind(maxsize=maxsize)
    producing = AtomicInt64(3)

    async def produce(index):
        rng = random.Random(seed * 10 + index)
        put = []
        for number in range(0, 200, 4):
            items = [(index, number + k) for k in range(4)]
            tasks = [asyncio.create_task(q.put_async(item)) for item in items]
            while pending := [task for task in tasks if not task.done()]:
                if rng.random() < 0.3:
                    rng.choice(pending).cancel()
                await asyncio.sleep(rng.choice([0, 0, 0.0001]))
            put += [item for item, task in zip(items, tasks, strict=True) if not task.cancelled()]
        if producing.decr() == 0:
            q.shutdown()
        return put

    async def consume(index):
        rng = random.Random(seed * 10 + index)
        got = []
        while True:
            tasks = [asyncio.create_task(q.get_async()) for _ in range(4)]
            while pending := [task for task in tasks if not task.done()]:
                if rng.random() < 0.3:
                    rng.choice(pending).cancel()
                await asyncio.sleep(rng.choice([0, 0, 0.0001]))
            over = False
            for task in tasks:
                if not task.cancelled():
                    try:
                        got.append(task.result())
                    except ShutDown:
                        over = True
            if over:
                return got

    def in_thread():
        got = []
        try:
            while True:
                with contextlib.suppress(Empty):
                    got.append(q.pop(0.0005))
        except ShutDown:
            return got

    def work(index):
        if index < 3:
            return run(produce(index))
        return run(consume(index)) if index < 5 else in_thread()

    results = run_threads(6, work)
    assert Counter(flat(results[:3])) == Counter(flat(results[3:]))
    assert flat(results[3:])
