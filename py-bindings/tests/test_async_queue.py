"""The coroutines of all queues: many event loops, threads among them."""

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
from ft_utils.concurrency import (
    AtomicInt64,
    ConcurrentQueue,
    Empty,
    Full,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)
from support import (
    FREE_THREADED,
    LONG,
    Task,
    Thing,
    collected,
    flat,
    run_python,
    run_threads,
    run_until_interrupted,
    until_asleep,
    wait_until,
)

PUTS = pytest.mark.parametrize("put", ["put_async", "push_async"])
GETS = pytest.mark.parametrize("get", ["get_async", "pop_async"])
STD = [StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue]
KINDS = pytest.mark.parametrize("kind", [ConcurrentQueue, *STD])
STD_KINDS = pytest.mark.parametrize("kind", STD)


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


@KINDS
@GETS
def test_get_waits(kind, get):
    q = kind()

    async def main():
        tasks = await started(*[getattr(q, get)() for _ in range(3)])
        q.push_many("abc")
        assert sorted(await asyncio.gather(*tasks)) == ["a", "b", "c"]

    run(main())


@KINDS
@PUTS
def test_put_waits(kind, put):
    q = kind(maxsize=1)
    q.push("a")

    async def main():
        tasks = await started(getattr(q, put)("b"), getattr(q, put)("c"))
        assert q.pop() == "a"
        await tasks[0]
        assert await q.pop_async() == "b"
        await tasks[1]
        assert q.try_pop() == "c"

    run(main())


@KINDS
def test_timeouts(kind):
    q = kind(maxsize=1)

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


@KINDS
def test_timed_out_get_takes_no_wake_up(kind):
    q = kind()

    async def main():
        # Not all started(): the first may be over by then.
        first, second = map(asyncio.create_task, (q.get_async(timeout=0.001), q.get_async()))
        with pytest.raises(Empty):
            await first
        q.push(1)
        assert await second == 1

    run(main())


@KINDS
@pytest.mark.parametrize("timeout", [-1, float("nan"), "1"])
def test_bad_timeouts(kind, timeout):
    q = kind()
    q.push(1)
    for call in (q.get_async, q.pop_async, lambda t: q.put_async(1, t)):
        with pytest.raises((ValueError, TypeError)):
            call(timeout)
    assert q.size() == 1


@KINDS
def test_timers_are_cancelled(kind):
    q = kind()

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


@KINDS
def test_shutdown(kind):
    async def main():
        q = kind(maxsize=1)
        gets = await started(q.get_async(), q.get_async())
        q.shutdown()
        for task in gets:
            with pytest.raises(ShutDown):
                await task
        with pytest.raises(ShutDown):
            await q.put_async(1)
        q = kind(maxsize=1)
        q.push(1)
        (put,) = await started(q.put_async(2))
        q.shutdown()
        with pytest.raises(ShutDown):
            await put
        assert await q.get_async() == 1
        with pytest.raises(ShutDown):
            await q.get_async()
        q = kind(maxsize=1)
        q.push(1)
        (put,) = await started(q.put_async(2))
        q.shutdown(immediate=True)
        with pytest.raises(ShutDown):
            await put
        assert q.empty()

    run(main())


@KINDS
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


@KINDS
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


@KINDS
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


@KINDS
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


@KINDS
def test_closed_loops_are_skipped(kind):
    q = kind(maxsize=1)
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


@KINDS
def test_threads_are_skipped_to(kind):
    """A thread gets the item that woke a task of a closed loop."""
    q = kind()
    left = left_in_a_closed_loop(q.get_async())
    popper = Task(q.pop, LONG).until_asleep()
    q.push(1)
    assert popper.result() == 1
    assert left is not None


@KINDS
def test_loops_and_threads(kind):
    q = kind(maxsize=4)
    is_fifo = issubclass(kind, ConcurrentQueue)
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
            assert mine == sorted(mine) or not is_fifo
    assert Counter(flat(results)) == Counter((k, i) for k in (1, 3, 5) for i in range(n))
    assert q.empty()


@KINDS
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("maxsize", [0, 1, 3])
def test_random_cancellations(kind, seed, maxsize):
    """What the puts have put in comes out, once; what the cancelled ones have not, never."""
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


@KINDS
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


@KINDS
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


@KINDS
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


@KINDS
def test_cycles_are_collected(kind):
    for waits in (False, True):
        q = kind(maxsize=1)
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
    q = kind(maxsize=1)
    thing = Thing()
    q.push(thing)
    coroutine = left_in_a_closed_loop(q.put_async(1))
    thing.parts = [q, coroutine]
    reference = weakref.ref(thing)
    del q, coroutine, thing
    assert collected(reference)


@KINDS
def test_waiting_coroutine_keeps_the_queue(kind):
    coroutine = kind().get_async(timeout=0.001)

    async def main():
        with pytest.raises(Empty):
            await coroutine

    gc.collect()
    run(main())


@KINDS
def test_subclass_without_init(kind):
    class Lazy(kind):
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

    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        for number in range(total):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda *_: None)
            tasks = [loop.create_task(consume()) for _ in range(3)]
            pusher = Task(lambda number=number: (time.sleep(0.003), q.push(number)))
            run_until_interrupted(loop, random.uniform(0.001, 0.005))
            pusher.result()
            loop.close()
            del tasks, loop
            gc.collect()
    finally:
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


@KINDS
def test_many_tasks_in_one_queue(kind):
    q = kind()
    n = 2000

    async def main():
        tasks = await started(*[q.get_async() for _ in range(n)])
        threading.Thread(target=q.push_many, args=(range(n),)).start()
        assert sorted(await asyncio.gather(*tasks)) == list(range(n))

    run(main())


@KINDS
def test_shutdown_ends_all_loops(kind):
    q = kind()
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


@STD_KINDS
def test_signatures_of_all_kinds(kind):
    for name in ("put_async", "get_async", "push_async", "pop_async"):
        ours, theirs = (inspect.signature(getattr(k, name)) for k in (kind, ConcurrentQueue))
        assert str(ours) == str(theirs)


def test_order():
    async def main():
        for kind, expected in zip(STD, ([2, 3, 1], [1, 3, 2], [1, 2, 3]), strict=True):
            q = kind()
            for item in (2, 3, 1):
                await q.put_async(item)
            assert [await q.get_async() for _ in range(3)] == expected

    run(main())


@KINDS
def test_handles_share_the_line(kind):
    q = kind(maxsize=1)

    async def main():
        (get,) = await started(q.handle().get_async())
        await q.handle().put_async(1)
        assert await get == 1
        q.push(2)
        (put,) = await started(q.handle().put_async(3))
        assert q.pop() == 2
        await put
        assert await q.get_async() == 3

    run(main())


@KINDS
def test_threads_and_tasks_wake_each_other(kind):
    q = kind(maxsize=1)

    async def main():
        popper = Task(q.pop, LONG).until_asleep()
        await q.put_async(1)
        assert popper.result() == 1
        (get,) = await started(q.get_async())
        pusher = Task(q.push, 2, LONG)
        assert await get == 2
        pusher.result()
        q.push(3)
        pusher = Task(q.push, 4, LONG).until_asleep()
        assert await q.get_async() == 3
        pusher.result()
        (put,) = await started(q.put_async(5))
        popper = Task(q.pop, LONG)
        await put
        assert sorted([popper.result(), q.pop()]) == [4, 5]

    run(main())


@KINDS
def test_threads_and_loops_get_all_items(kind):
    q = kind()
    n = 300

    async def consume(index):
        return [await q.get_async() for _ in range(n)]

    def work(index):
        if index < 2:
            return run(consume(index))
        if index == 2:
            return [q.pop(LONG) for _ in range(n)]
        for i in range(3 * n):
            q.push(i)
        return []

    assert sorted(flat(run_threads(4, work))) == list(range(3 * n))


@STD_KINDS
def test_async_puts_count_as_tasks(kind):
    q = kind(maxsize=2)

    async def main():
        await q.put_async(1)
        await q.push_async(2)
        assert q.unfinished_tasks == 2
        (put, cancelled) = await started(q.put_async(3), q.put_async(4))
        assert q.unfinished_tasks == 2
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        with pytest.raises(Full):
            await q.put_async(5, timeout=0)
        joins = Task(q.join).until_asleep()
        await q.get_async()
        await put
        assert q.unfinished_tasks == 3
        for _ in range(3):
            assert not joins.is_done()
            q.task_done()
        joins.result()
        with pytest.raises(ValueError, match="task_done"):
            q.task_done()

    run(main())


@STD_KINDS
def test_shutdown_discards_the_tasks_of_async_puts(kind):
    q = kind(maxsize=1)

    async def main():
        await q.put_async(1)
        (put,) = await started(q.put_async(2))
        joins = Task(q.join).until_asleep()
        q.shutdown(immediate=True)
        with pytest.raises(ShutDown):
            await put
        joins.result()
        assert q.unfinished_tasks == 0

    run(main())


class Ordered:
    """An item whose comparison can be told to fail, or to do something first."""

    def __init__(self, value, before=lambda: None):
        self.value = value
        self.before = before

    def __lt__(self, other):
        self.before()
        other.before()
        return self.value < other.value


class Refused(Exception):
    pass


def refuse():
    raise Refused


def test_comparison_that_raises_puts_nothing_in():
    q = StdConcurrentPriorityQueue()

    async def main():
        await q.put_async(Ordered(1))
        with pytest.raises(Refused):
            await q.put_async(Ordered(0, refuse))
        assert q.qsize() == q.unfinished_tasks == 1
        assert (await q.get_async()).value == 1

    run(main())


def test_comparison_that_raises_takes_nothing_out():
    q = StdConcurrentPriorityQueue()
    items = [Ordered(i) for i in range(5)]

    async def main():
        tasks = await started(*[q.get_async() for _ in range(5)])
        q.push_many(items)
        for item in items:
            item.before = refuse
        # In the loop's next round every task is woken, and most have to compare.
        got = await asyncio.gather(*tasks, return_exceptions=True)
        taken = [item.value for item in got if not isinstance(item, Refused)]
        assert len(taken) + q.qsize() == 5
        assert q.qsize() >= 3
        for item in items:
            item.before = lambda: None
        rest = [(await q.get_async()).value for _ in range(q.qsize())]
        assert sorted(taken + rest) == list(range(5))

    run(main())


def test_comparison_that_raises_passes_the_wake_up_on():
    q = StdConcurrentPriorityQueue(maxsize=3)

    async def main():
        # A get: three tasks are woken, and each of them wakes the next.
        tasks = await started(*[q.get_async() for _ in range(4)])
        items = [Ordered(i) for i in range(3)]
        q.push_many(items)
        for item in items:
            item.before = refuse
        for task in tasks:
            with pytest.raises(Refused):
                await asyncio.wait_for(task, LONG)
        for item in items:
            item.before = lambda: None
        # A put: the room for the one that fails goes to the next.
        bad, good = await started(q.put_async(Ordered(-1, refuse)), q.put_async(Ordered(9)))
        assert q.pop().value == 0
        with pytest.raises(Refused):
            await bad
        await asyncio.wait_for(good, LONG)
        assert [q.pop().value for _ in range(3)] == [1, 2, 9]
        assert q.unfinished_tasks == 4

    run(main())


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


def test_comparison_uses_the_coroutine_that_compares():
    q = StdConcurrentPriorityQueue()
    q.push(Ordered(1))
    seen = []

    def meddle():
        for call in (lambda: put.send(None), put.close, lambda: put.throw(Refused)):
            with pytest.raises(ValueError, match="already executing"):
                call()
        seen.append(1)

    put = q.put_async(Ordered(0, meddle))
    with pytest.raises(StopIteration):
        put.send(None)
    assert seen
    assert q.pop().value == 0


@pytest.mark.thread_unsafe(reason="waits for a signal")
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals between threads")
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
