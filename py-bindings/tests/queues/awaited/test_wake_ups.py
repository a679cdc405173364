"""The coroutines of all queues: every wake-up reaches a task or thread that waits."""

import asyncio
import signal
import threading

import pytest
from ft_utils.concurrency import ConcurrentQueue, StdConcurrentPriorityQueue
from helpers.builds import FREE_THREADED
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.marks import WITH_SIGNALS
from helpers.threads import Task, run_threads, until_asleep

from queues.kinds import EACH

from .shared import Ordered, Refused, refuse


@EACH
def test_every_call_wakes(kind):
    """Each way to put an item in or take one out wakes a task that waits for it."""

    async def main():
        q = kind(maxsize=2)
        for put in (
            lambda: q.push(1),
            lambda: q.try_push(1),
            lambda: q.push_many([1]),
            lambda: q.handle().push(1),
            lambda: q.put_async(1).close(),
        ):
            (task,) = await started(q.get_async(timeout=LONG))
            put()
            if q.empty() and put.__code__.co_names[-1] == "close":
                q.push(1)
            assert await task == 1
        iterator = iter(q)
        for get in (
            q.pop,
            q.try_pop,
            q.pop_local,
            lambda: q.pop_many(1),
            lambda: q.handle().pop(),
            lambda: next(iterator),
        ):
            q.push_many([1, 2])
            (task,) = await started(q.put_async(3, timeout=LONG))
            get()
            await task
            q.pop_many(2)

    run(main())


def test_push_many_wakes_before_it_waits():
    q = ConcurrentQueue(maxsize=1)

    async def main():
        (task,) = await started(q.get_async())
        pusher = Task(q.push_many, "ab", LONG)
        assert await task == "a"
        assert await q.get_async() == "b"
        pusher.result()

    run(main())


@pytest.mark.parametrize("lock_free", [False, True])
def test_spinning_threads_wake_tasks(lock_free):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=1)
    n = 200

    async def main():
        return [await q.get_async() for _ in range(n)]

    task = Task(lambda: [q.push(i) for i in range(n)])
    assert run(main()) == list(range(n))
    task.result()


@EACH
def test_wake_ups_are_not_lost(kind):
    """One item at a time between loops: a lost wake-up would end the game."""
    here, there = kind(), kind()
    n = 300

    async def play(get, put):
        for i in range(n):
            assert await get.get_async() == i
            await put.put_async(i)

    async def serve():
        for i in range(n):
            here.push(i)
            assert await there.get_async() == i

    run_threads(2, lambda index: run(serve() if index else play(here, there)))


@EACH
def test_push_before_it_listens(kind):
    """An item that comes after the first look, in the middle of the step, is seen."""
    q = kind()

    class Loop(asyncio.SelectorEventLoop):
        def create_future(self):
            if q.empty():
                q.push("in time")
            return super().create_future()

    loop = Loop()
    task = loop.create_task(q.get_async())
    assert loop.run_until_complete(asyncio.wait_for(task, LONG)) == "in time"
    loop.close()


@EACH
def test_pushes_while_a_task_begins_to_wait(kind):
    """Each item comes when its task has just found none; one overlooked would end the game."""
    q = kind()
    n = 2000 if FREE_THREADED else 500

    async def main():
        for i in range(n):
            assert await q.get_async() == i

    def push():
        for i in range(n):
            while not q.empty():
                pass
            q.push(i)

    task = Task(push)
    run(main())
    task.result()


def test_thread_that_fails_passes_the_wake_up_on_to_a_task():
    q = StdConcurrentPriorityQueue(maxsize=3)
    q.push_many([Ordered(i) for i in range(3)])

    async def main():
        bad = Task(q.push, Ordered(-1, refuse), LONG).until_asleep()
        (good,) = await started(q.put_async(Ordered(9)))
        assert q.pop().value == 0
        with pytest.raises(Refused):
            bad.result()
        await good

    run(main())


@pytest.mark.thread_unsafe(reason="waits for a signal")
@WITH_SIGNALS
def test_thread_that_needs_no_wake_up_hands_it_to_a_task():
    """The wake-up of a thread that had found an item by itself reaches the task behind it."""
    q = StdConcurrentPriorityQueue()
    loop = asyncio.new_event_loop()
    tasks = []

    async def begin():
        tasks.extend(await started(q.get_async()))

    def compare():
        # The thread is in line already, and looks once more.
        if not tasks:
            for item in items:
                item.before = lambda: None
            q.pop_many(len(items))
            loop.run_until_complete(begin())
            # For the thread, which is the first in line.
            q.push("its item")

    items = [Ordered(i) for i in range(4)]

    def handle(_number, _frame):
        # Signals are looked for before the thread gets in line.
        q.push_many(items)
        for item in items:
            item.before = compare

    def ring(thread):
        until_asleep(thread)
        signal.pthread_kill(thread.ident, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handle)
    ringer = Task(ring, threading.current_thread())
    try:
        assert q.get(timeout=LONG) == "its item"
        ringer.result()
    finally:
        signal.signal(signal.SIGUSR1, before)
    # Another thread: this one would ring what it had left undone.
    Task(q.push, "the task's").result()
    assert loop.run_until_complete(asyncio.wait_for(tasks[0], LONG)) == "the task's"
    loop.close()
