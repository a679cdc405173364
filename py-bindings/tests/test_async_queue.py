"""The coroutines of ConcurrentQueue: many event loops, threads among them."""

import asyncio
import contextlib
import gc
import inspect
import os
import random
import signal
import sys
import threading
import time
import weakref
from collections import Counter

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentQueue, Empty, Full, ShutDown
from support import (
    FREE_THREADED,
    LONG,
    Task,
    Thing,
    collected,
    flat,
    run_python,
    run_threads,
    wait_until,
)

PUTS = pytest.mark.parametrize("put", ["put_async", "push_async"])
GETS = pytest.mark.parametrize("get", ["get_async", "pop_async"])


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


async def started(*coroutines):
    """Start tasks, and return them when each of them waits."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    # A task begins in the next round of its loop, and nothing here keeps it from waiting there.
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


def left_in_a_closed_loop(coroutine):
    """Let a coroutine wait in a loop that is then closed."""
    loop = asyncio.new_event_loop()

    async def begin():
        coroutine.send(None)

    loop.run_until_complete(begin())
    loop.close()
    return coroutine


def test_signatures():
    def of(name):
        return str(inspect.signature(getattr(ConcurrentQueue, name)))

    assert of("get_async") == of("pop_async") == "(self, /, timeout=None)"
    assert of("push_async") == "(self, /, value, timeout=None)"
    assert of("put_async") == "(self, /, item, timeout=None)"


@PUTS
@GETS
def test_without_waiting(put, get):
    q = ConcurrentQueue(maxsize=3)
    for item in (None, 1, (2, 3)):
        with pytest.raises(StopIteration) as stopped:
            getattr(q, put)(item).send(None)
        assert stopped.value.value is None
    with pytest.raises(StopIteration) as stopped:
        getattr(q, get)().send(None)
    assert stopped.value.value is None

    async def main():
        assert await getattr(q, get)() == 1
        assert await getattr(q, get)(0) == (2, 3)
        await getattr(q, put)(StopIteration(7), timeout=0)
        assert (await getattr(q, get)(timeout=None)).value == 7

    run(main())


@GETS
def test_get_waits(get):
    q = ConcurrentQueue()

    async def main():
        tasks = await started(*[getattr(q, get)() for _ in range(3)])
        q.push_many("abc")
        assert await asyncio.gather(*tasks) == ["a", "b", "c"]

    run(main())


@PUTS
def test_put_waits(put):
    q = ConcurrentQueue(maxsize=1)
    q.push("a")

    async def main():
        tasks = await started(getattr(q, put)("b"), getattr(q, put)("c"))
        assert q.pop() == "a"
        await tasks[0]
        assert await q.pop_async() == "b"
        await tasks[1]
        assert q.try_pop() == "c"

    run(main())


def test_timeouts():
    q = ConcurrentQueue(maxsize=1)

    async def main():
        for timeout in (0, 0.0, 0.001):
            with pytest.raises(Empty) as caught:
                await q.get_async(timeout)
            assert caught.value.args == ()
        q.push(1)
        for timeout in (0, 0.001):
            with pytest.raises(Full) as caught:
                await q.put_async(2, timeout)
            assert caught.value.args == ()
        assert await q.get_async(timeout=LONG) == 1
        # In time.
        (task,) = await started(q.get_async(timeout=LONG))
        q.push(3)
        assert await task == 3
        # From the call, not from the await.
        late = q.get_async(timeout=0.01)
        await asyncio.sleep(0.02)
        with pytest.raises(Empty):
            await late
        # An item that is there is worth more than a deadline.
        late = q.get_async(timeout=0)
        q.push(4)
        assert await late == 4
        # Longer than any clock.
        (task,) = await started(q.get_async(timeout=1e300))
        q.push(5)
        assert await task == 5

    run(main())


def test_timed_out_get_takes_no_wake_up():
    q = ConcurrentQueue()

    async def main():
        (first, second) = await started(q.get_async(timeout=0.001), q.get_async())
        with pytest.raises(Empty):
            await first
        q.push(1)
        assert await second == 1

    run(main())


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1"])
def test_bad_timeouts(timeout):
    q = ConcurrentQueue()
    q.push(1)
    for call in (q.get_async, q.pop_async, lambda t: q.put_async(1, t)):
        with pytest.raises((ValueError, TypeError)):
            call(timeout)
    assert q.size() == 1


def test_timers_are_cancelled():
    q = ConcurrentQueue()

    async def main():
        loop = asyncio.get_running_loop()
        tasks = await started(*[q.get_async(timeout=LONG) for _ in range(3)])
        before = len([timer for timer in loop._scheduled if not timer.cancelled()])
        q.push(1)
        await tasks[0]
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        after = len([timer for timer in loop._scheduled if not timer.cancelled()])
        assert before - after == 3

    run(main())


def test_shutdown():
    async def main():
        q = ConcurrentQueue(maxsize=1)
        gets = await started(q.get_async(), q.get_async())
        q.shutdown()
        for task in gets:
            with pytest.raises(ShutDown):
                await task
        with pytest.raises(ShutDown):
            await q.put_async(1)
        q = ConcurrentQueue(maxsize=1)
        q.push(1)
        (put,) = await started(q.put_async(2))
        q.shutdown()
        with pytest.raises(ShutDown):
            await put
        assert await q.get_async() == 1
        with pytest.raises(ShutDown):
            await q.get_async()
        q = ConcurrentQueue(maxsize=1)
        q.push(1)
        (put,) = await started(q.put_async(2))
        q.shutdown(immediate=True)
        with pytest.raises(ShutDown):
            await put
        assert q.empty()

    run(main())


def test_every_call_wakes():
    """Each way to put an item in or take one out wakes a task that waits for it."""

    async def main():
        q = ConcurrentQueue(maxsize=2)
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


def test_cancelled_get_takes_nothing():
    q = ConcurrentQueue()

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


def test_cancelled_put_appends_nothing():
    q = ConcurrentQueue(maxsize=1)
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


def test_item_dies_with_its_put():
    q = ConcurrentQueue(maxsize=1)
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


def test_closed_loops_are_skipped():
    q = ConcurrentQueue(maxsize=1)
    left = [left_in_a_closed_loop(q.get_async()) for _ in range(100)]

    async def main():
        (task,) = await started(q.get_async())
        q.push(1)
        assert await task == 1
        q.push(2)
        puts = [left_in_a_closed_loop_of(q.put_async(n)) for n in range(3)]
        (task,) = await started(q.put_async(3))
        assert q.pop() == 2
        await task
        assert q.pop() == 3
        assert puts

    def left_in_a_closed_loop_of(coroutine):
        return Task(left_in_a_closed_loop, coroutine).result()

    run(main())
    with pytest.raises(RuntimeError, match="cannot reuse"):
        left[0].send(None)


def test_threads_are_skipped_to():
    """A thread gets the item that woke a task of a closed loop."""
    q = ConcurrentQueue()
    left = left_in_a_closed_loop(q.get_async())
    popper = Task(q.pop, LONG).until_asleep()
    q.push(1)
    assert popper.result() == 1
    assert left is not None


def test_loops_and_threads():
    q = ConcurrentQueue(maxsize=4)
    n = 300

    def in_thread(index):
        if index % 2:
            q.push_many([(index, i) for i in range(n)], LONG)
            return []
        return [q.pop(LONG) for _ in range(n)]

    async def in_loop(index):
        if index % 2:
            for i in range(n):
                await q.put_async((index, i), LONG)
            return []
        return [await q.get_async(LONG) for _ in range(n)]

    def work(index):
        return run(in_loop(index)) if index < 4 else in_thread(index)

    results = run_threads(6, work)
    for items in results:
        for producer in (1, 3, 5):
            mine = [i for index, i in items if index == producer]
            assert mine == sorted(mine)
    assert Counter(flat(results)) == Counter((k, i) for k in (1, 3, 5) for i in range(n))
    assert q.empty()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("maxsize", [0, 1, 3])
def test_random_cancellations(seed, maxsize):
    """What the puts have put in comes out, once; what the cancelled ones have not, never."""
    q = ConcurrentQueue(maxsize=maxsize)
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


def test_wake_ups_are_not_lost():
    """One item at a time between loops: a lost wake-up would end the game."""
    here, there = ConcurrentQueue(), ConcurrentQueue()
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


def test_push_before_it_listens():
    """An item that comes after the first look, in the middle of the step, is seen."""
    q = ConcurrentQueue()

    class Loop(asyncio.SelectorEventLoop):
        def create_future(self):
            if q.empty():
                q.push("in time")
            return super().create_future()

    loop = Loop()
    task = loop.create_task(q.get_async())
    assert loop.run_until_complete(asyncio.wait_for(task, LONG)) == "in time"
    loop.close()


def test_pushes_while_a_task_begins_to_wait():
    """Each item comes when its task has just found none; one overlooked would end the game."""
    q = ConcurrentQueue()
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


def test_cycles_are_collected():
    for waits in (False, True):
        q = ConcurrentQueue(maxsize=1)
        q.push(1)
        thing = Thing()
        thing.coroutine = coroutine = q.put_async(thing)
        if waits:
            left_in_a_closed_loop(coroutine)
        reference = weakref.ref(thing)
        del thing, q
        if not waits:
            coroutine.close()
        del coroutine
        assert collected(reference)

    # A queue whose items lead back to it is kept by its coroutine, and goes with it.
    q = ConcurrentQueue(maxsize=1)
    thing = Thing()
    q.push(thing)
    coroutine = left_in_a_closed_loop(q.put_async(1))
    thing.parts = [q, coroutine]
    reference = weakref.ref(thing)
    del q, coroutine, thing
    assert collected(reference)


def test_waiting_coroutine_keeps_the_queue():
    coroutine = ConcurrentQueue().get_async(timeout=0.001)

    async def main():
        with pytest.raises(Empty):
            await coroutine

    gc.collect()
    run(main())


def test_subclass_without_init():
    class Lazy(ConcurrentQueue):
        def __init__(self):
            pass

    for call in (Lazy().get_async, Lazy().pop_async, lambda: Lazy().put_async(1)):
        with pytest.raises(RuntimeError, match="__init__"):
            call()


@pytest.mark.thread_unsafe
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_signals_lose_no_item():
    """A get that an interrupt has ended has taken nothing."""
    q = ConcurrentQueue()
    total = 30
    got = []

    async def consume():
        while True:
            item = await q.get_async()
            got.append(item)

    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        for number in range(total):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda *_: None)
            tasks = [loop.create_task(consume()) for _ in range(3)]
            # Not before the loop runs, where nobody would catch it.
            delay = random.uniform(0.001, 0.005)
            loop.call_soon(signal.setitimer, signal.ITIMER_REAL, delay)
            pusher = Task(lambda number=number: (time.sleep(0.003), q.push(number)))
            with pytest.raises(KeyboardInterrupt):
                loop.run_forever()
            pusher.result()
            loop.close()
            del tasks, loop
            gc.collect()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        sys.unraisablehook = hook
    left = q.pop_many(total) if q.size() else []
    # The interpreter itself may drop an item between the await and the next line.
    assert len(set(got + left)) == len(got + left)
    assert total - 3 <= len(got + left) <= total


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork():
    out = run_python(
        """
import asyncio, os, warnings
from ft_utils import ConcurrentQueue
warnings.simplefilter("ignore")
q = ConcurrentQueue()
async def main():
    task = asyncio.create_task(q.get_async())
    await asyncio.sleep(0)
    if (child := os.fork()) == 0:
        q.push(1)
        assert q.try_pop() == 1
        os._exit(7)
    _, status = os.waitpid(child, 0)
    q.push(2)
    print(os.waitstatus_to_exitcode(status), await task)
asyncio.run(main())
async def wait():
    task = asyncio.create_task(q.get_async())
    await asyncio.sleep(0)
    q.push(3)
    return await task
if (child := os.fork()) == 0:
    assert asyncio.run(wait()) == 3
    os._exit(8)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
        stderr=None,
    )
    assert out == "7 2\n8\n"


def test_interpreter_exits_with_waiters():
    run_python(
        """
import asyncio, threading
from ft_utils import ConcurrentQueue
q = ConcurrentQueue()
waits = threading.Event()
def loop():
    async def main():
        asyncio.get_running_loop().call_soon(waits.set)
        await q.get_async()
    asyncio.run(main())
threading.Thread(target=loop, daemon=True).start()
waits.wait()
"""
    )


def test_many_tasks_in_one_queue():
    q = ConcurrentQueue()
    n = 2000

    async def main():
        tasks = await started(*[q.get_async() for _ in range(n)])
        threading.Thread(target=q.push_many, args=(range(n),)).start()
        assert await asyncio.gather(*tasks) == list(range(n))

    run(main())


def test_shutdown_ends_all_loops():
    q = ConcurrentQueue()
    waits = AtomicInt64()

    async def main(_):
        waits.incr()
        with pytest.raises(ShutDown):
            await q.get_async()

    tasks = [Task(lambda i=i: run(main(i))) for i in range(4)]
    wait_until(lambda: waits == 4)
    q.shutdown()
    for task in tasks:
        task.result()
