"""Barrier: threads and tasks that pass together."""

import asyncio
import gc
import sys
import threading
from threading import BrokenBarrierError

import pytest
from ft_utils import AtomicInt64, Barrier
from helpers.limits import LONG, VERY_LONG
from helpers.loops import run, started
from helpers.threads import Task, run_threads, wait_until


def test_threads_and_tasks_in_lockstep():
    """Three loops and three threads: nobody begins a round before all have ended the one before."""
    rounds, loops, threads, per_loop = 30, 3, 3, 4
    parties = loops * per_loop + threads
    calls, count = [], AtomicInt64()
    barrier = Barrier(parties, lambda: calls.append(count.get()))
    indices = [[] for _ in range(rounds)]

    async def party():
        for n in range(rounds):
            count.incr()
            indices[n].append(await barrier.wait_async())

    async def tasks():
        await asyncio.gather(*(party() for _ in range(per_loop)))

    def work(n):
        if n < loops:
            run(tasks())
            return
        for n in range(rounds):
            count.incr()
            indices[n].append(barrier.wait(LONG))

    run_threads(loops + threads, work)
    assert calls == [parties * (n + 1) for n in range(rounds)]
    assert all(sorted(each) == list(range(parties)) for each in indices)


def test_timeouts_break_it():
    async def main():
        barrier = Barrier(3)
        waits = await started(barrier.wait_async(), barrier.wait_async(0.01))
        done = await asyncio.gather(*waits, return_exceptions=True)
        assert [type(error) for error in done] == [BrokenBarrierError] * 2
        assert barrier.broken
        with pytest.raises(BrokenBarrierError):
            await barrier.wait_async()
        barrier.reset()
        with pytest.raises(BrokenBarrierError):
            await barrier.wait_async(0)
        with pytest.raises(BrokenBarrierError):
            await Barrier(2, timeout=0.001).wait_async()
        assert await Barrier(1).wait_async(0) == 0

    run(main())


def test_cancelled_tasks_leave_no_trace():
    async def main():
        barrier = Barrier(2)
        tasks = await started(*(barrier.wait_async() for _ in range(1)))
        assert barrier.n_waiting == 1
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (barrier.n_waiting, barrier.broken) == (0, False)
        (wait,) = await started(barrier.wait_async())
        assert {await barrier.wait_async(), await wait} == {0, 1}
        # It is cancelled when it has been let through, and has not run yet.
        (late,) = await started(barrier.wait_async())
        await barrier.wait_async()
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        assert (barrier.n_waiting, barrier.broken) == (0, False)

    run(main())


@pytest.mark.parametrize("end", [Barrier.abort, Barrier.reset])
def test_ended_by_a_thread(end):
    barrier = Barrier(5)

    async def main():
        waits = await started(*(barrier.wait_async() for _ in range(3)))
        ender = threading.Thread(target=end, args=(barrier,))
        ender.start()
        done = await asyncio.gather(*waits, return_exceptions=True)
        ender.join()
        assert [type(error) for error in done] == [BrokenBarrierError] * 3

    run(main())


def test_action_runs_in_a_task():
    seen = []

    async def main():
        barrier = Barrier(2, lambda: seen.append(asyncio.get_running_loop()))
        waits = [asyncio.create_task(barrier.wait_async()) for _ in range(2)]
        await asyncio.gather(*waits)
        assert seen == [asyncio.get_running_loop()]

        def fail():
            raise LookupError

        barrier = Barrier(2, fail)
        waits = [asyncio.create_task(barrier.wait_async()) for _ in range(2)]
        done = await asyncio.gather(*waits, return_exceptions=True)
        assert [type(error) for error in done] == [BrokenBarrierError, LookupError]

    run(main())


def test_closed_loops_leave():
    barrier = Barrier(2)

    async def begin(coroutine):
        coroutine.send(None)

    loop = asyncio.new_event_loop()
    coroutine = barrier.wait_async()
    loop.run_until_complete(begin(coroutine))
    assert barrier.n_waiting == 1
    loop.close()
    coroutine.close()
    assert barrier.n_waiting == 0


def test_more_parties_than_fit():
    """They pass in the next rounds, first come, first served."""
    entered, go = threading.Event(), threading.Event()

    def act():
        entered.set()
        go.wait(LONG)

    barrier = Barrier(2, act)
    first = [Task(barrier.wait) for _ in range(2)]
    assert entered.wait(LONG)

    async def main():
        waits = await started(*(barrier.wait_async() for _ in range(5)))
        assert barrier.n_waiting == 5
        go.set()
        done = await asyncio.gather(*waits[:4])
        assert sorted(done[:2]) == sorted(done[2:]) == [0, 1]
        assert not waits[4].done()
        waits[4].cancel()

    run(main())
    assert sorted(wait.result() for wait in first) == [0, 1]
    assert not barrier.broken


@pytest.mark.thread_unsafe(reason="needs many threads")
def test_many_threads():
    """Two thousand threads pass, and each gets another index."""
    count = 2_000
    barrier, indices = Barrier(count + 1), set()
    before = threading.stack_size(256 * 1024)
    try:
        threads = [
            threading.Thread(target=lambda: indices.add(barrier.wait(VERY_LONG)), daemon=True)
            for _ in range(count)
        ]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    wait_until(lambda: barrier.n_waiting == count)
    assert not indices
    indices.add(barrier.wait(0))
    for thread in threads:
        thread.join(VERY_LONG)
        assert not thread.is_alive()
    assert indices == set(range(count + 1))


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
def test_many_tasks():
    """Twenty thousand tasks pass, and memory is as it was."""
    count = 20_000
    barrier = Barrier(count + 1)

    async def once():
        tasks = await started(*(barrier.wait_async() for _ in range(count)))
        opener = threading.Thread(target=barrier.wait)
        opener.start()
        assert set(await asyncio.gather(*tasks)) == set(range(count))
        opener.join()

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(once())
    before = blocks()
    run(once())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10
