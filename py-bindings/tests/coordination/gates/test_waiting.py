"""Event, Latch and AtomicFlag: threads and tasks that wait together."""

import asyncio
import gc
import sys
import threading

import pytest
from ft_utils import AtomicInt64, Event
from helpers.limits import LONG, VERY_LONG
from helpers.loops import run, started
from helpers.threads import Task, run_threads

from .shared import each_gate


@each_gate
def test_threads_and_tasks_of_several_loops(gate):
    o, inside = gate.make(), AtomicInt64()

    async def tasks():
        waits = await started(*(o.wait_async() for _ in range(5)))
        inside.fetch_add(5)
        return await asyncio.gather(*waits)

    def wait(n):
        if n == 0:
            while inside.get() < 15:
                assert not o.wait(0.001)
            gate.open(o)
            return None
        if n < 4:
            return run(tasks())
        return o.wait(LONG)

    results = run_threads(7, wait)
    assert results == [None, *[[True] * 5] * 3, *[True] * 3]


@each_gate
def test_opened_by_a_task(gate):
    o = gate.make()
    waits = [Task(o.wait).until_asleep() for _ in range(3)]

    async def main():
        (wait,) = await started(o.wait_async())
        gate.open(o)
        gate.close(o)
        return await wait

    assert run(main()) is True
    assert [wait.result() for wait in waits] == [True] * 3


@each_gate
def test_an_opening_is_not_missed(gate):
    o = gate.make()

    async def main():
        for _ in range(20):
            waits = await started(*(o.wait_async(LONG) for _ in range(3)))
            gate.open(o)
            gate.close(o)
            assert await asyncio.gather(*waits) == [True] * 3
            assert await o.wait_async(0) is False

    run(main())


@each_gate
def test_timeouts(gate):
    o = gate.make()

    async def main():
        assert await o.wait_async(0.01) is False
        assert await o.wait_async(timeout=0) is False
        # The timeout counts from the call.
        wait = o.wait_async(0.005)
        await asyncio.sleep(0.01)
        assert await wait is False
        gate.open(o)
        assert await o.wait_async(0) is True
        assert await o.wait_async() is True

    run(main())


@each_gate
def test_cancelled_tasks_leave_no_trace(gate):
    o = gate.make()

    async def main():
        tasks = await started(*(o.wait_async() for _ in range(10)))
        for task in tasks[::2]:
            task.cancel()
        await asyncio.sleep(0)
        assert [task.cancelled() for task in tasks] == [True, False] * 5
        gate.open(o)
        # Too late: it has been woken, and has not run yet.
        tasks[1].cancel()
        done = await asyncio.gather(*tasks[1::2], return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert done[1:] == [True] * 4

    run(main())


@each_gate
def test_closed_loops_are_skipped(gate):
    o = gate.make()

    async def begin(coroutine):
        coroutine.send(None)

    left = []
    for _ in range(10):
        loop = asyncio.new_event_loop()
        left.append(o.wait_async())
        loop.run_until_complete(begin(left[-1]))
        loop.close()
    thread = Task(o.wait).until_asleep()
    gate.open(o)
    assert thread.result() is True
    with pytest.raises(RuntimeError, match="cannot reuse"):
        left[0].send(None)


@each_gate
def test_coroutines_are_awaited_once(gate):
    o = gate.make()
    gate.open(o)

    async def main():
        wait = o.wait_async()
        assert type(o).__name__ in repr(wait)
        assert await wait is True
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await wait

    run(main())
    with pytest.warns(RuntimeWarning, match="wait_async' was never awaited"):
        o.wait_async()
        gc.collect()


@each_gate
def test_open_and_close_in_a_storm(gate):
    """Threads and tasks pass again and again while it opens and closes."""
    o, passed = gate.make(), AtomicInt64()
    waiters, rounds = 4, 100

    async def tasks():
        for _ in range(rounds):
            assert await o.wait_async(LONG)
            passed.incr()
            await asyncio.sleep(0)

    def work(n):
        if n < 2:
            for _ in range(rounds):
                assert o.wait(LONG)
                passed.incr()
        elif n < waiters:
            run(tasks())
        else:
            while passed.get() < waiters * rounds:
                gate.open(o)
                gate.close(o)

    run_threads(waiters + 1, work)


@pytest.mark.thread_unsafe(reason="needs many threads")
@each_gate
def test_many_threads(gate):
    """Two thousand threads wait: all are woken, and none twice."""
    count, o, entered, passed = 2_000, gate.make(), AtomicInt64(), AtomicInt64()
    before = threading.stack_size(256 * 1024)

    def wait():
        entered.incr()
        assert o.wait(VERY_LONG)
        passed.incr()

    try:
        threads = [threading.Thread(target=wait, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    done = Event()
    while entered.get() < count:
        done.wait(0.001)
    assert passed.get() == 0
    gate.open(o)
    for thread in threads:
        thread.join(VERY_LONG)
        assert not thread.is_alive()
    assert passed.get() == count


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
@each_gate
def test_many_tasks(gate):
    """Twenty thousand tasks wait: all are woken, none twice, and memory is as it was."""
    count, o = 20_000, gate.make()

    async def once():
        tasks = await started(*(o.wait_async() for _ in range(count)))
        opener = threading.Thread(target=gate.open, args=(o,))
        opener.start()
        assert await asyncio.gather(*tasks) == [True] * count
        opener.join()
        gate.close(o)

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(once())
    before = blocks()
    run(once())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10
