"""select() and select_async(): threads and tasks that wait, and that give up."""

import asyncio
import random
import threading
from collections import Counter

import pytest
from ft_utils import (
    AtomicInt64,
    ConcurrentQueue,
    Event,
    Latch,
    ShutDown,
    select,
    select_async,
)
from helpers.limits import VERY_LONG
from helpers.loops import run, started
from helpers.threads import Task, flat, run_threads
from queues.kinds import EACH


def waits(kind):
    """Return objects for each case, and what makes it possible."""
    full = kind(maxsize=1)
    full.push(0)
    empty, event, latch = kind(), Event(), Latch(1)
    return [
        (empty.popping(), lambda: empty.push(7), 7),
        (full.pushing(1), full.pop, None),
        (event.waiting(), event.set, True),
        (latch.waiting(), latch.count_down, True),
    ]


@EACH
@pytest.mark.parametrize("index", range(4))
def test_each_case_wakes(kind, index):
    async def waiting(cases):
        return await select_async(*cases)

    for is_async in (False, True):
        every = waits(kind)
        cases = [case for case, _, _ in every]
        case, release, value = every[index]
        choose = (lambda: run(waiting(cases))) if is_async else (lambda: select(*cases))  # noqa: B023
        task = Task(choose).until_asleep()
        release()
        assert task.result() == (case, value)


@EACH
@pytest.mark.parametrize("index", range(4))
def test_woken_by_a_task_of_the_same_loop(kind, index):
    async def main():
        every = waits(kind)
        case, release, value = every[index]
        (task,) = await started(select_async(*(case for case, _, _ in every)))
        release()
        assert await task == (case, value)

    run(main())


@EACH
def test_a_wake_up_goes_on(kind):
    """A task that is woken by one queue, and takes from another, leaves the first to the next."""

    async def main():
        for _ in range(20):
            a, b = kind(), kind()
            from_a, from_b = a.popping(), b.popping()
            first, second = await started(select_async(from_a, from_b), a.get_async())
            a.push(1)
            b.push(2)
            case, value = await first
            assert value == (1 if case is from_a else 2)
            if case is from_a:
                a.push(1)
            assert await second == 1

    run(main())


@EACH
def test_cancelled_tasks_leave_no_trace(kind):
    a, b, full = kind(), kind(), kind(maxsize=1)
    full.push(0)

    async def main():
        cases = a.popping(), b.popping(), full.pushing(1)
        first, second, third = await started(*(select_async(*cases) for _ in range(3)))
        a.push(1)
        # It was woken, but has not run: the item is still there, and the wake-up passes on.
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == (cases[0], 1)
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        b.push(2)
        assert (a.drain(), b.drain(), full.drain()) == ([], [2], [0])

    run(main())


def test_timeouts_leave_no_trace():
    a, b = ConcurrentQueue(), ConcurrentQueue()
    with pytest.raises(TimeoutError):
        select(a.popping(), b.popping(), timeout=0.001)
    waiter = Task(a.pop).until_asleep()
    a.push(1)
    assert waiter.result() == 1


def test_shutdown_wakes():
    a, b = ConcurrentQueue(), ConcurrentQueue()
    pop = b.popping()
    task = Task(select, a.popping(), pop).until_asleep()
    b.shutdown()
    with pytest.raises(ShutDown) as raised:
        task.result()
    assert raised.value.case is pop


def test_closed_loops_are_skipped():
    a, b = ConcurrentQueue(), ConcurrentQueue()

    async def begin(coroutine):
        coroutine.send(None)

    left = []
    for _ in range(5):
        loop = asyncio.new_event_loop()
        left.append(select_async(a.popping(), b.popping()))
        loop.run_until_complete(begin(left[-1]))
        loop.close()
    thread = Task(b.pop).until_asleep()
    b.push(1)
    assert thread.result() == 1
    with pytest.raises(RuntimeError, match="cannot reuse"):
        left[0].send(None)


@EACH
@pytest.mark.parametrize("maxsize", [0, 1, 3])
def test_storm(kind, maxsize):
    """Threads and tasks choose between queues; some give up. Each item comes out once."""
    queues = [kind(maxsize=maxsize) for _ in range(3)]
    producing, each = AtomicInt64(4), 150

    def produced(index):
        done = []
        for number in range(each):
            item = (index, number)
            a, b = random.sample(queues, 2)
            if number % 3:
                select(a.pushing(item), b.pushing(item))
            else:
                a.push(item)
            done.append(item)
        return done

    async def produced_async(index):
        done = []
        for number in range(each):
            item = (index, number)
            a, b = random.sample(queues, 2)
            task = asyncio.create_task(select_async(a.pushing(item), b.pushing(item)))
            await asyncio.sleep(random.choice([0, 0, 0.0001]))
            if random.random() < 0.3:
                task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                continue
            done.append(item)
        return done

    def consumed(_index):
        got, pops = [], [q.popping() for q in queues]
        while pops:
            try:
                got.append(select(*pops, timeout=random.choice([None, 0.0005]))[1])
            except TimeoutError:
                pass
            except ShutDown as end:
                pops.remove(end.case)
        return got

    async def consumed_async(_index):
        got, pops = [], [q.popping() for q in queues]
        while pops:
            task = asyncio.create_task(select_async(*pops))
            await asyncio.sleep(random.choice([0, 0, 0.0001]))
            if random.random() < 0.3:
                task.cancel()
            try:
                got.append((await task)[1])
            except asyncio.CancelledError:
                pass
            except ShutDown as end:
                pops.remove(end.case)
        return got

    def work(index):
        if index >= 4:
            return consumed(index) if index < 6 else run(consumed_async(index))
        done = produced(index) if index < 2 else run(produced_async(index))
        if producing.decr() == 0:
            for q in queues:
                q.shutdown()
        return done

    results = run_threads(8, work)
    assert Counter(flat(results[:4])) == Counter(flat(results[4:]))


@pytest.mark.thread_unsafe(reason="needs many threads")
def test_many_threads():
    """Five hundred threads wait for the same three queues: each item wakes one that takes it."""
    threads, queues, sums = 500, [ConcurrentQueue() for _ in range(3)], AtomicInt64()

    def wait():
        sums.fetch_add(select(*(q.popping() for q in queues), timeout=VERY_LONG)[1])

    before = threading.stack_size(256 * 1024)
    try:
        waiting = [threading.Thread(target=wait, daemon=True) for _ in range(threads)]
        for thread in waiting:
            thread.start()
    finally:
        threading.stack_size(before)
    for number in range(threads):
        queues[number % 3].push(number)
    for thread in waiting:
        thread.join(VERY_LONG)
        assert not thread.is_alive()
    assert sums.get() == threads * (threads - 1) // 2
    assert all(q.empty() for q in queues)
