"""ConcurrentGatheringIterator: tasks that wait for the next value."""

import asyncio
import gc
import random
import weakref

import pytest
from ft_utils import ConcurrentGatheringIterator, Latch, LocalWrapper
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.objects import collected
from helpers.threads import Task, flat, run_threads

from .shared import filled


async def read(iterator):
    return [value async for value in iterator]


async def next_of(iterator):
    return await anext(iterator)


@pytest.mark.parametrize("clear", [True, False])
def test_values_in_order(clear):
    async def main():
        g = ConcurrentGatheringIterator()
        (task,) = await started(read(g.iterator(3, clear)))
        for key in (2, 0, 3, 1):
            g.insert(key, str(key))
            await asyncio.sleep(0)
        assert await task == ["0", "1", "2", "3"]
        assert g.size() == (0 if clear else 4)

    run(main())


def test_values_that_are_there():
    async def main():
        g = filled("abc")
        assert await read(g.iterator(1)) == ["a", "b"]
        iterator = g.iterator(0, False)
        assert aiter(iterator) is iterator
        assert await read(g.iterator(-1)) == []

    run(main())


async def in_progress(iterator, ready):
    """Begin to read. An iterator that began after all values were taken would wait for others."""
    (first,) = await started(next_of(iterator))
    first.cancel()
    ready.count_down()


def test_threads_wake_tasks():
    g, ready = ConcurrentGatheringIterator(window=2), Latch(2)

    async def main():
        iterator = g.iterator(9)
        await in_progress(iterator, ready)
        return await read(iterator)

    def work(n):
        if n < 2:
            return run(main())
        ready.wait(LONG)
        for key in range(n - 2, 10, 2):
            g.insert(key, key)
        return []

    assert sorted(flat(run_threads(4, work))) == list(range(10))


# What ends a wait, and how.
ENDS = [
    (lambda g, _: g.insert(0, "a"), "a"),
    (lambda g, _: g.handle().insert(key=0, value="a"), "a"),
    (lambda g, _: g.close(), StopAsyncIteration),
    (lambda g, _: g.fail(ValueError("odd")), RuntimeError),
    (lambda _, iterator: iterator.close(), StopAsyncIteration),
]


@pytest.mark.parametrize(("end", "result"), ENDS)
def test_woken_by_a_task_of_the_same_loop(end, result):
    async def main():
        g = ConcurrentGatheringIterator()
        iterator = g.iterator(0)
        tasks = await started(next_of(iterator), next_of(iterator))
        end(g, iterator)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        if result == "a":
            # The iterator is at its end for the other task.
            done.sort(key=str, reverse=True)
            assert done[0] == "a" and isinstance(done[1], StopAsyncIteration)
        else:
            kinds = [type(error) for error in done]
            assert kinds[0] is result and kinds[1] in (result, StopAsyncIteration)

    run(main())


def test_a_failing_key_wakes():
    async def main():
        g = ConcurrentGatheringIterator()
        (task,) = await started(next_of(g.iterator(0)))
        with pytest.raises(TypeError):
            g.insert([], 1)
        with pytest.raises(RuntimeError, match="key 0 is missing, and gathering has failed"):
            await task

    run(main())


def test_another_reads_meanwhile():
    """A task that was woken for a value which another call takes waits for the next one."""

    async def main():
        g = ConcurrentGatheringIterator()
        iterator = g.iterator(1)
        (task,) = await started(next_of(iterator))
        g.insert(0, "a")
        # The task was woken, and has not run.
        assert next(iterator) == "a"
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
        g.insert(1, "b")
        assert await task == "b"
        assert list(iterator) == []

    run(main())


@pytest.mark.parametrize("timeout", [0, 0.001])
def test_timeouts(timeout):
    async def main():
        g = filled("a")
        iterator = g.iterator(1, timeout=timeout)
        assert await anext(iterator) == "a"
        for _ in range(3):
            with pytest.raises(TimeoutError, match="key 1 is missing"):
                await anext(iterator)
        g.insert(1, "b")
        assert await read(iterator) == ["b"]

    run(main())


def test_cancelled_tasks_take_nothing():
    async def main():
        g = ConcurrentGatheringIterator()
        iterator = g.iterator(1)
        first, second = await started(next_of(iterator), next_of(iterator))
        g.insert(0, "a")
        # It was woken, but has not run.
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == "a"

    run(main())


def test_closed_loops_are_skipped():
    g = ConcurrentGatheringIterator()
    iterator = g.iterator(0)

    async def begin(coroutine):
        coroutine.send(None)

    loop = asyncio.new_event_loop()
    left = anext(iterator)
    loop.run_until_complete(begin(left))
    loop.close()
    thread = Task(next, iterator).until_asleep()
    g.insert(0, "a")
    assert thread.result() == "a"
    del left


def test_local():
    async def main():
        g = filled([[1], [2]])
        values = await read(g.iterator_local(1))
        assert [type(value) for value in values] == [LocalWrapper] * 2
        assert [value.wrapped for value in values] == [[1], [2]]

    run(main())


def test_left_early():
    async def main():
        g = filled("abc")
        async for value in g.iterator(9):
            if value == "c":
                break
        gc.collect()
        # No reader is in progress, so keys begin at 0 again.
        g.insert(0, "d")
        assert await anext(g.iterator(0)) == "d"

    run(main())


def test_never_awaited():
    g = ConcurrentGatheringIterator()
    with pytest.warns(RuntimeWarning, match="__anext__' was never awaited"):
        anext(g.iterator(0))
        gc.collect()


def test_cycles_are_collected():
    """A task that waits, and nothing else refers to, goes with its iterator and the values."""

    async def main():
        g = ConcurrentGatheringIterator()
        died = weakref.ref(g)
        coroutine = anext(g.iterator(0))
        coroutine.send(None)
        g.insert(5, coroutine)
        g.coroutine = coroutine
        del g, coroutine
        assert collected(died)

    run(main())


def test_storm():
    """Threads insert, tasks of several loops read, and some give up: each value comes out once."""
    count, g, ready = 600, ConcurrentGatheringIterator(window=32), Latch(2)

    async def impatient(iterator):
        got = []
        while True:
            task = asyncio.create_task(next_of(iterator))
            await asyncio.sleep(random.choice([0, 0, 0.0001]))
            if random.random() < 0.3:
                task.cancel()
            try:
                got.append(await task)
            except asyncio.CancelledError:
                continue
            except StopAsyncIteration:
                return got

    async def readers():
        iterator = g.iterator(count - 1)
        await in_progress(iterator, ready)
        parts = await asyncio.gather(*(impatient(iterator) for _ in range(3)))
        return flat(parts)

    def work(n):
        if n < 2:
            return run(readers())
        ready.wait(LONG)
        for key in range(n - 2, count, 2):
            g.insert(key, key)
        return []

    assert sorted(flat(run_threads(4, work))) == list(range(count))
