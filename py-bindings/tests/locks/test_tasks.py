"""IntervalLock and RWLock in coroutines: tasks of several loops in one line with threads."""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from ft_utils import AtomicInt64, Event, IntervalLock, RWLock
from helpers.limits import LONG, VERY_LONG
from helpers.loops import run, started
from helpers.threads import Task, run_threads

from .arguments import ACQUIRE


class Kind(NamedTuple):
    """A way to have a lock for oneself."""

    make: Callable[[], Any]
    context: Callable[[Any], Any]
    acquire: Callable[..., bool]
    acquire_async: Callable[..., Any]
    lock_async: Callable[[Any], Any]
    release: Callable[[Any], None]
    is_taken: Callable[[Any], bool]


KINDS = {
    "IntervalLock": Kind(
        IntervalLock,
        lambda lock: lock,
        IntervalLock.acquire,
        IntervalLock.acquire_async,
        IntervalLock.lock_async,
        IntervalLock.release,
        IntervalLock.locked,
    ),
    "RWLock": Kind(
        RWLock,
        RWLock.write,
        RWLock.acquire_write,
        RWLock.acquire_write_async,
        RWLock.lock_write_async,
        RWLock.release_write,
        RWLock.writer_locked,
    ),
}

each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@each_kind
def test_methods(kind):
    lock = kind.make()

    async def main():
        assert await kind.lock_async(lock) is None
        assert kind.is_taken(lock)
        kind.release(lock)
        assert await kind.acquire_async(lock) is True
        kind.release(lock)
        assert await kind.acquire_async(lock, False) is True
        kind.release(lock)
        async with kind.context(lock) as entered:
            assert entered is lock
            assert kind.is_taken(lock)
        assert not kind.is_taken(lock)
        with pytest.raises(ZeroDivisionError):
            async with kind.context(lock):
                _ = 1 / 0
        assert not kind.is_taken(lock)

    run(main())


@each_kind
def test_arguments(kind):
    lock = kind.make()
    bad = [
        ((True, -2), ValueError),
        ((True, float("nan")), ValueError),
        ((False, 1), ValueError),
        ((True, "1"), TypeError),
        ((True, 1e30), OverflowError),
        ((True, 1, 1), TypeError),
    ]
    for args, error in bad:
        with pytest.raises(error):
            kind.acquire_async(lock, *args)

    async def main():
        for args, kwargs in ACQUIRE:
            assert await kind.acquire_async(lock, *args, **kwargs) is True
            kind.release(lock)

    run(main())


@each_kind
def test_a_hold_belongs_to_its_task(kind):
    lock = kind.make()

    async def other():
        assert await kind.acquire_async(lock, False) is False
        with pytest.raises(RuntimeError, match="does not have"):
            kind.release(lock)

    async def main():
        await kind.lock_async(lock)
        await asyncio.create_task(other())
        with pytest.raises(RuntimeError, match="does not have"):
            await asyncio.to_thread(kind.release, lock)
        assert await asyncio.to_thread(kind.acquire, lock, False) is False
        kind.release(lock)
        with pytest.raises(RuntimeError, match="does not have"):
            kind.release(lock)

    run(main())
    assert kind.acquire(lock, False)
    kind.release(lock)


@each_kind
def test_no_task_waits_for_itself(kind):
    lock = kind.make()

    async def main():
        await kind.lock_async(lock)
        for again in (kind.lock_async(lock), kind.acquire_async(lock, timeout=LONG)):
            with pytest.raises(RuntimeError, match="would wait for itself"):
                await again
        # Its thread would wait for it, too.
        with pytest.raises(RuntimeError, match="would wait for itself"):
            kind.acquire(lock)
        assert kind.acquire(lock, False) is False
        kind.release(lock)

    run(main())
    assert not kind.is_taken(lock)


@each_kind
def test_the_caller_owns_what_another_task_awaits(kind):
    """Up to 3.11, asyncio.wait_for() awaits in a task of its own."""
    lock = kind.make()

    async def main():
        await asyncio.create_task(kind.acquire_async(lock))
        kind.release(lock)
        await asyncio.wait_for(kind.lock_async(lock), LONG)
        kind.release(lock)

    run(main())
    wait = kind.lock_async(lock)

    async def awaits():
        await wait
        kind.release(lock)

    run(awaits())
    wait = kind.lock_async(lock)
    with pytest.raises(RuntimeError, match="no task is running"):
        wait.send(None)
    assert not kind.is_taken(lock)


@each_kind
def test_timeouts(kind):
    lock, refused = kind.make(), Event()

    async def waits():
        try:
            assert await kind.acquire_async(lock, timeout=0.01) is False
            assert await kind.acquire_async(lock, timeout=0) is False
        finally:
            refused.set()
        assert await kind.acquire_async(lock, True, LONG) is True
        kind.release(lock)

    async def main():
        await kind.lock_async(lock)
        (task,) = await started(waits())
        await refused.wait_async()
        kind.release(lock)
        await task

    run(main())
    assert not kind.is_taken(lock)


@each_kind
def test_first_come_first_served(kind):
    lock, order = kind.make(), []

    async def enters(n):
        async with kind.context(lock):
            order.append(n)
            await asyncio.sleep(0)

    async def main():
        async with kind.context(lock):
            tasks = await started(*(enters(n) for n in range(5)))
        await asyncio.gather(*tasks)

    run(main())
    assert order == list(range(5))


@each_kind
def test_cancelled_tasks_leave_no_trace(kind):
    lock, inside = kind.make(), []

    async def enters(n):
        async with kind.context(lock):
            inside.append(n)

    async def main():
        await kind.lock_async(lock)
        tasks = await started(*(enters(n) for n in range(6)))
        for task in tasks[::2]:
            task.cancel()
        await asyncio.sleep(0)
        assert [task.cancelled() for task in tasks] == [True, False] * 3
        kind.release(lock)
        # Too late: the lock has been handed to it, and it has not run yet.
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[1].cancelled()
        assert inside == [3, 5]
        assert await kind.acquire_async(lock, False)
        kind.release(lock)

    run(main())
    assert kind.acquire(lock, False)
    kind.release(lock)


@each_kind
def test_closed_loops_are_skipped(kind):
    lock = kind.make()
    assert kind.acquire(lock)

    async def begin(coroutine):
        coroutine.send(None)

    left = []
    for _ in range(5):
        loop = asyncio.new_event_loop()
        left.append(kind.lock_async(lock))
        loop.run_until_complete(begin(left[-1]))
        loop.close()
    thread = Task(lambda: (kind.acquire(lock), kind.release(lock))).until_asleep()
    kind.release(lock)
    thread.result()
    assert not kind.is_taken(lock)


@each_kind
def test_threads_and_tasks_of_several_loops(kind):
    """One at a time is inside, whether thread or task."""
    lock, rounds = kind.make(), 100
    inside, total = AtomicInt64(), 0

    def step():
        nonlocal total
        assert inside.incr() == 1
        total += 1
        inside.decr()

    async def enters():
        for _ in range(rounds):
            async with kind.context(lock):
                step()

    async def tasks():
        await asyncio.gather(*(enters() for _ in range(3)))

    def work(n):
        if n < 2:
            return run(tasks())
        for _ in range(rounds):
            assert kind.acquire(lock, timeout=LONG)
            step()
            kind.release(lock)
        return None

    run_threads(4, work)
    assert total == 8 * rounds


def test_readers_together():
    lock = RWLock()

    async def reads(entered, all_in):
        async with lock.read() as same:
            assert same is lock
            entered.incr()
            await all_in.wait_async()
            # A task that reads may read again.
            assert await lock.acquire_read_async(timeout=LONG)
            await lock.lock_read_async()
            lock.unlock_read()
            lock.release_read()

    async def main():
        entered, all_in = AtomicInt64(), Event()
        tasks = await started(*(reads(entered, all_in) for _ in range(5)))
        assert entered == lock.readers() == 5
        (writer,) = await started(lock.acquire_write_async())
        assert lock.writers_waiting() == 1
        assert await lock.acquire_read_async(False) is False
        all_in.set()
        await asyncio.gather(*tasks)
        assert await writer is True
        assert lock.writer_locked()
        # The coroutine was made by this task.
        lock.downgrade()
        assert lock.readers() == 1
        with pytest.raises(RuntimeError, match="would wait for itself"):
            await lock.lock_write_async()
        lock.unlock_read()

    run(main())
    assert lock.readers() == 0


def test_downgraded_in_a_block():
    lock = RWLock()

    async def reads():
        async with lock.read():
            return lock.readers()

    async def main():
        async with lock.write():
            (reader,) = await started(reads())
            lock.downgrade()
            assert lock.readers() == 2
            assert await reader == 2
        assert lock.readers() == 0

    run(main())


def test_task_that_holds_beside_its_thread():
    """A thread that reads while its task does so, too, has two readings."""
    lock = RWLock()

    async def main():
        async with lock.read():
            with lock.read():
                assert lock.readers() == 2
            assert lock.readers() == 1
        assert lock.readers() == 0

    run(main())


def test_cede_and_poll():
    lock, order = IntervalLock(interval=0), []

    async def other(n):
        async with lock:
            order.append(n)

    async def main():
        for call in (lock.cede_async, lock.poll_async):
            with pytest.raises(RuntimeError, match="does not have the lock"):
                await call()
        async with lock:
            await lock.cede_async()
            await lock.poll_async()
            tasks = await started(*(other(n) for n in range(2)))
            assert lock.waiters == 2
            await lock.poll_async()
            order.append("main")
            assert lock._is_owned()
            lock.interval = float("inf")
            tasks += await started(other(2))
            await lock.poll_async()
            order.append("main")
            await lock.cede_async()
        await asyncio.gather(*tasks)

    run(main())
    assert order == [0, 1, "main", "main", 2]


def test_cancelled_while_it_cedes():
    """It does not have the lock any more, and its block raises nothing else."""
    lock = IntervalLock()

    async def cedes():
        async with lock:
            await lock.cede_async()

    async def other(entered, done):
        async with lock:
            entered.set()
            await done.wait_async()

    async def main():
        entered, done = Event(), Event()
        await lock.lock_async()
        task, successor = await started(cedes(), other(entered, done))
        lock.unlock()
        # The task cedes the lock to the other one, and waits for it.
        await entered.wait_async()
        assert lock.waiters == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (lock.waiters, lock.locked()) == (0, True)
        done.set()
        await successor

    run(main())
    assert not lock.locked()


@pytest.mark.thread_unsafe(reason="needs many threads")
@pytest.mark.parametrize(
    ("lock", "hold", "end", "enter", "leave", "count"),
    [
        # These come in together, and those one after the other.
        (RWLock, "lock_write", "unlock_write", "lock_read", "unlock_read", 2_000),
        (IntervalLock, "lock", "unlock", "lock", "unlock", 500),
    ],
    ids=["RWLock", "IntervalLock"],
)
def test_many_threads(lock, hold, end, enter, leave, count):
    """Many threads wait: all are woken, and none twice."""
    lock, passed = lock(), AtomicInt64()
    before = threading.stack_size(256 * 1024)
    getattr(lock, hold)()

    def wait():
        getattr(lock, enter)()
        passed.incr()
        getattr(lock, leave)()

    try:
        threads = [threading.Thread(target=wait, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    assert passed.get() == 0
    getattr(lock, end)()
    for thread in threads:
        thread.join(VERY_LONG)
        assert not thread.is_alive()
    assert passed.get() == count


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
@each_kind
def test_many_tasks(kind):
    """Twenty thousand tasks wait: all are woken, none twice, and memory is as it was."""
    count, lock, passed = 20_000, kind.make(), AtomicInt64()

    async def enters():
        async with kind.context(lock):
            passed.incr()

    async def once():
        async with kind.context(lock):
            tasks = await started(*(enters() for _ in range(count)))
        await asyncio.gather(*tasks)

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(once())
    before = blocks()
    run(once())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10
    assert passed.get() == 2 * count


def test_many_cancelled_tasks():
    """All of many tasks are cancelled, the last ones first."""
    lock, count = RWLock(), 5_000

    async def enters(context):
        async with context:
            pass

    async def main():
        async with lock.write():
            contexts = (lock.read(), lock.write())
            tasks = await started(*(enters(contexts[n % 2]) for n in range(count)))
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert lock.writers_waiting() == 0
        assert lock.readers() == 0

    run(main())
