"""Lock: threads and tasks that take turns."""

import asyncio
import gc
import sys
import threading

import pytest
from ft_utils import AtomicInt64, Event, Lock
from helpers.limits import VERY_LONG
from helpers.loops import run, started
from helpers.threads import Task, run_threads


def test_taken_and_released():
    lock = Lock()
    assert lock.acquire() is True
    assert lock.locked()
    assert lock.acquire(blocking=False) is False
    assert lock.acquire(timeout=0.001) is False
    lock.release()
    assert not lock.locked()
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        lock.release()
    with lock as taken:
        assert taken is True and lock.locked()
    assert "unlocked ft_utils.Lock object" in repr(lock)


def test_bad_arguments():
    lock = Lock()
    with pytest.raises(TypeError):
        Lock(1)
    with pytest.raises(ValueError, match="non-blocking"):
        lock.acquire(False, 1)
    with pytest.raises(ValueError, match="negative"):
        lock.acquire_async(-1)
    with pytest.raises(OverflowError):
        lock.acquire(timeout=1e100)
    assert not lock.locked()


def test_threads_and_tasks_exclude_each_other():
    lock, inside, total = Lock(), AtomicInt64(), 0

    def enter():
        nonlocal total
        assert inside.incr() == 1
        total += 1
        inside.decr()

    async def task():
        for _ in range(50):
            async with lock:
                enter()
                await asyncio.sleep(0)

    async def tasks():
        await asyncio.gather(*(task() for _ in range(3)))

    def work(n):
        if n < 2:
            return run(tasks())
        for _ in range(100):
            with lock:
                enter()

    run_threads(5, work)
    assert total == 2 * 3 * 50 + 3 * 100


def test_first_come_first_served():
    lock, order = Lock(), []
    lock.acquire()

    async def task(n):
        async with lock:
            order.append(n)

    def thread(n):
        with lock:
            order.append(n)

    async def main():
        tasks = await started(task(0), task(1))
        threads = [Task(thread, 2).until_asleep()]
        tasks += await started(task(3))
        threads.append(Task(thread, 4).until_asleep())
        # A newcomer does not overtake.
        lock.release()
        assert lock.acquire(False) is False
        await asyncio.gather(*tasks)
        for each in threads:
            each.result()

    run(main())
    assert order == [0, 1, 2, 3, 4]
    assert not lock.locked()


def test_cancelled_and_late_waiters_leave_no_trace():
    lock = Lock()
    lock.acquire()

    async def main():
        assert await lock.acquire_async(0.001) is False
        tasks = await started(*(lock.acquire_async() for _ in range(4)))
        tasks[0].cancel()
        await asyncio.sleep(0)
        lock.release()
        # Too late: the lock was handed to it, but it has not run yet.
        tasks[1].cancel()
        assert await tasks[2] is True
        assert "1 waiting" in repr(lock)
        lock.release()
        assert await tasks[3] is True
        assert tasks[0].cancelled() and tasks[1].cancelled()

    run(main())
    lock.release()
    assert not lock.locked()


@pytest.mark.thread_unsafe(reason="needs many threads")
def test_many_threads():
    """Two thousand threads wait: each gets the lock, and none twice."""
    count, lock, entered, passed = 2_000, Lock(), AtomicInt64(), AtomicInt64()
    lock.acquire()
    before = threading.stack_size(256 * 1024)

    def wait():
        entered.incr()
        with lock:
            passed.incr()

    try:
        threads = [threading.Thread(target=wait, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    pause = Event()
    while entered.get() < count:
        pause.wait(0.001)
    assert passed.get() == 0
    lock.release()
    for thread in threads:
        thread.join(VERY_LONG)
        assert not thread.is_alive()
    assert passed.get() == count and not lock.locked()


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
def test_many_tasks():
    """Twenty thousand tasks wait: each gets the lock once, and memory is as it was."""
    count, lock = 20_000, Lock()

    async def once():
        lock.acquire()
        tasks = await started(*(lock.acquire_async() for _ in range(count)))
        for task in tasks:
            lock.release()
            assert await task is True
        lock.release()

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(once())
    before = blocks()
    run(once())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10
