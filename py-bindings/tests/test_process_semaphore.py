"""ProcessSemaphore: one budget for event loops and threads."""

import asyncio
import copy
import gc
import inspect
import os
import pickle
import random
import signal
import sys
import threading
import time
import warnings
import weakref

import pytest
from ft_utils.concurrency import AtomicInt64, ProcessSemaphore
from support import (
    LONG,
    Task,
    Thing,
    collected,
    run_python,
    run_threads,
    run_until_interrupted,
    wait_until,
)


def in_loops(n, main):
    """Run main(0) to main(n - 1), each in an event loop of its own, in threads."""
    return run_threads(n, lambda index: asyncio.run(asyncio.wait_for(main(index), LONG)))


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


def waiting(semaphore):
    """Return how many wait."""
    text = repr(semaphore)
    return int(text.split("free, ")[1].split()[0]) if "waiting" in text else 0


async def until(condition):
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0)


async def queued(semaphore, n=1):
    """Start n tasks that acquire, and return them when all of them wait."""
    before = waiting(semaphore)
    tasks = []
    for _ in range(n):
        tasks.append(asyncio.create_task(semaphore.acquire()))
        await until(lambda: waiting(semaphore) == before + len(tasks))
    return tasks


def all_free(semaphore):
    slots = int(repr(semaphore).split(" of ")[1].split()[0])
    return semaphore.value == slots and not waiting(semaphore)


# Making one


@pytest.mark.parametrize("value", [1, True, 7, 2**40, AtomicInt64(2)])
def test_construction(value):
    for semaphore in (ProcessSemaphore(value), ProcessSemaphore(value=value)):
        assert semaphore.value == int(value)
        assert not semaphore.locked()


def test_bad_values():
    for value in (0, -1, False):
        with pytest.raises(ValueError, match="at least 1"):
            ProcessSemaphore(value)
    for bad in (None, "1", 1.0, [1]):
        with pytest.raises(TypeError):
            ProcessSemaphore(bad)
    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"value": 1}), ((), {"n": 1})]:
        with pytest.raises(TypeError):
            ProcessSemaphore(*args, **kwargs)
    with pytest.raises(OverflowError):
        ProcessSemaphore(2**64)


def test_signatures():
    assert str(inspect.signature(ProcessSemaphore)) == "(value)"
    of = {
        name: str(inspect.signature(getattr(ProcessSemaphore, name)))
        for name in ("acquire", "release", "locked", "try_acquire", "acquire_sync", "handle")
    }
    assert of.pop("acquire_sync") == "(self, /, blocking=True, timeout=None)"
    assert set(of.values()) == {"(self, /)"}


def test_protocols():
    semaphore = ProcessSemaphore(3)
    assert weakref.ref(semaphore)() is semaphore
    assert hash(semaphore) != hash(ProcessSemaphore(3)) or semaphore != ProcessSemaphore(3)
    assert repr(semaphore) == "<ProcessSemaphore with 3 of 3 slots free>"
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            call(semaphore)
    assert pickle.loads(pickle.dumps(ProcessSemaphore)) is ProcessSemaphore
    semaphore.label = "budget"
    assert semaphore.label == "budget"


def test_subclass():
    class Named(ProcessSemaphore):
        def __init__(self, name, value):
            super().__init__(value)
            self.name = name

    class Lazy(ProcessSemaphore):
        def __init__(self):
            pass

    semaphore = Named("n", 2)
    assert (semaphore.name, semaphore.value) == ("n", 2)
    assert repr(semaphore).startswith("<Named with 2")
    lazy = Lazy()
    assert repr(lazy) == "<Lazy, not initialized>"
    for call in (lazy.acquire, lazy.release, lazy.locked, lazy.try_acquire, lazy.handle):
        with pytest.raises(RuntimeError, match="__init__"):
            call()


def test_second_init_changes_nothing():
    semaphore = ProcessSemaphore(2)
    semaphore.try_acquire()
    semaphore.__init__(5)
    assert semaphore.value == 1


def test_cycle_through_dict_is_collected():
    semaphore = ProcessSemaphore(1)
    semaphore.me = semaphore
    semaphore.thing = Thing()
    reference = weakref.ref(semaphore.thing)
    del semaphore
    assert collected(reference)


# One thread


def test_without_a_loop():
    semaphore = ProcessSemaphore(2)
    assert semaphore.try_acquire() is True
    assert semaphore.acquire_sync() is True
    assert semaphore.locked()
    assert semaphore.value == 0
    assert semaphore.try_acquire() is False
    assert semaphore.acquire_sync(False) is False
    assert semaphore.acquire_sync(timeout=0) is False
    assert semaphore.acquire_sync(True, 0.001) is False
    assert semaphore.release() is None
    assert semaphore.acquire_sync(blocking=False) is True
    semaphore.release()
    assert semaphore.acquire_sync(0) is True
    semaphore.release()
    semaphore.release()
    assert all_free(semaphore)


def test_release_beyond_the_limit():
    semaphore = ProcessSemaphore(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="more often"):
            semaphore.release()
        assert semaphore.value == 2
    semaphore.try_acquire()
    semaphore.release()
    with pytest.raises(ValueError):
        semaphore.release()
    assert semaphore.value == 2


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan")])
def test_bad_timeouts(timeout):
    semaphore = ProcessSemaphore(1)
    with pytest.raises(ValueError):
        semaphore.acquire_sync(timeout=timeout)
    with pytest.raises(TypeError):
        semaphore.acquire_sync(timeout="1")
    with pytest.raises(ValueError, match="does not block"):
        semaphore.acquire_sync(False, 1)
    assert semaphore.value == 1


def test_with_in_a_thread():
    semaphore = ProcessSemaphore(1)
    with semaphore as bound:
        assert bound is None
        assert semaphore.locked()
    with pytest.raises(LookupError), semaphore:
        raise LookupError
    assert all_free(semaphore)


def test_handles_share_the_slots():
    semaphore = ProcessSemaphore(2)
    handle = semaphore.handle()
    assert type(handle) is ProcessSemaphore
    handle.try_acquire()
    assert semaphore.value == 1
    semaphore.try_acquire()
    del semaphore
    assert handle.handle().locked()
    handle.release()
    assert handle.value == 1


# One loop


def test_acquire_takes_a_free_slot_without_suspending():
    semaphore = ProcessSemaphore(1)
    # Nobody drives this: were it to suspend, it would need a loop.
    with pytest.raises(StopIteration) as stopped:
        semaphore.acquire().send(None)
    assert stopped.value.value is None
    assert semaphore.locked()

    async def main():
        semaphore.release()
        task = asyncio.current_task()
        task.cancel()
        # A cancellation strikes at a suspension point; there is none on the way.
        assert await semaphore.acquire() is None
        assert semaphore.locked()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_async_with():
    semaphore = ProcessSemaphore(1)

    async def main():
        async with semaphore as bound:
            assert bound is None
            assert semaphore.locked()
        with pytest.raises(LookupError):
            async with semaphore:
                raise LookupError
        assert all_free(semaphore)
        task = asyncio.current_task()
        async with semaphore:
            task.cancel()
        # Leaving the block has no suspension point either.
        assert all_free(semaphore)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)

    run(main())


class Recording(ProcessSemaphore):
    """Overrides what threading.Semaphore and asyncio.Semaphore call at the ends of a block."""

    def __init__(self, value):
        super().__init__(value)
        self.calls = []

    async def acquire(self):
        await super().acquire()
        self.calls.append("acquire")

    def release(self):
        super().release()
        self.calls.append("release")


def test_blocks_call_what_is_overridden():
    s = Recording(1)
    with s:
        assert s.value == 0
    assert s.calls == ["release"]

    async def main():
        async with s as entered:
            assert entered is None
            assert s.calls == ["release", "acquire"]

    asyncio.run(main())
    assert s.calls == ["release", "acquire", "release"]
    assert s.value == 1


def test_block_whose_release_fails():
    class Failing(ProcessSemaphore):
        def release(self):
            raise LookupError

    s = Failing(2)
    with pytest.raises(LookupError), s:
        pass

    async def main():
        async with s:
            pass

    with pytest.raises(LookupError):
        asyncio.run(main())


def test_with_in_a_loop_is_refused():
    semaphore = ProcessSemaphore(1)

    async def main():
        with pytest.raises(RuntimeError, match="async with"), semaphore:
            pass

    run(main())
    assert all_free(semaphore)


def test_coroutines_are_coroutines():
    semaphore = ProcessSemaphore(4)

    async def main():
        coroutine = semaphore.acquire()
        assert asyncio.iscoroutine(coroutine)
        assert inspect.isawaitable(coroutine)
        assert coroutine.__name__ == "acquire"
        assert coroutine.__qualname__ == "ProcessSemaphore.acquire"
        assert "ProcessSemaphore.acquire" in repr(coroutine)
        assert weakref.ref(coroutine)() is coroutine
        task = asyncio.create_task(coroutine)
        assert "ProcessSemaphore.acquire" in repr(task)
        await task
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await coroutine
        with pytest.raises(RuntimeError, match="cannot reuse"):
            coroutine.throw(ValueError)
        coroutine.close()
        await asyncio.gather(semaphore.acquire(), semaphore.acquire())
        await asyncio.wait_for(semaphore.acquire(), LONG)
        assert semaphore.locked()

    run(main())


def test_first_come_first_served():
    semaphore = ProcessSemaphore(1)
    order = []

    async def work(n):
        async with semaphore:
            order.append(n)
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*map(work, range(50)))

    run(main())
    assert order == list(range(50))
    assert all_free(semaphore)


def test_newcomer_does_not_overtake():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        (first,) = await queued(semaphore)
        semaphore.release()
        # The slot is the first one's, though its task has not run yet.
        assert semaphore.locked()
        assert not semaphore.try_acquire()
        (second,) = await queued(semaphore)
        assert first.done()
        assert not second.done()
        semaphore.release()
        await second
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_cancelled_in_the_queue():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        tasks = await queued(semaphore, 3)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        assert waiting(semaphore) == 2
        semaphore.release()
        await tasks[0]
        semaphore.release()
        await tasks[2]
        semaphore.release()

    run(main())
    assert all_free(semaphore)


@pytest.mark.parametrize("next_one", [True, False])
def test_cancelled_after_hand_over(next_one):
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        tasks = await queued(semaphore, 1 + next_one)
        semaphore.release()
        assert semaphore.locked()
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        if next_one:
            await tasks[1]
            semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_cancelled_before_it_began():
    semaphore = ProcessSemaphore(1)

    async def main():
        task = asyncio.create_task(semaphore.acquire())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert all_free(semaphore)


@pytest.mark.parametrize("served", [False, True])
@pytest.mark.parametrize("how", ["close", "throw", "throw3", "destroy"])
def test_coroutine_ends_early(how, served):
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        coroutine.send(None)
        assert waiting(semaphore) == 1
        if served:
            semaphore.release()
            assert semaphore.locked()
        if how == "close":
            coroutine.close()
            coroutine.close()
        elif how == "throw":
            with pytest.raises(KeyError, match="why"):
                coroutine.throw(KeyError("why"))
        elif how == "throw3":
            with pytest.raises(KeyError, match="why"):
                coroutine.throw(KeyError, "why", None)
        del coroutine
        assert waiting(semaphore) == 0
        assert semaphore.locked() is not served
        if not served:
            semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_driven_wrongly():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        task = asyncio.create_task(coroutine)
        await until(lambda: waiting(semaphore))
        with pytest.raises(RuntimeError, match="being awaited already"):
            await coroutine
        with pytest.raises(TypeError):
            coroutine.throw(5)
        # It waits all the same.
        semaphore.release()
        await task
        semaphore.release()

    run(main())
    assert all_free(semaphore)
    semaphore.try_acquire()
    with pytest.raises(RuntimeError, match="no running event loop"):
        semaphore.acquire().send(None)
    assert waiting(semaphore) == 0


def test_future_cancelled_by_somebody():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        future = coroutine.send(None)
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            coroutine.send(None)
        assert waiting(semaphore) == 0
        semaphore.release()

    run(main())
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
def test_never_awaited():
    semaphore = ProcessSemaphore(1)
    with pytest.warns(RuntimeWarning, match=r"ProcessSemaphore\.acquire' was never awaited"):
        semaphore.acquire()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coroutine = semaphore.acquire()
        coroutine.close()
        del coroutine
    assert all_free(semaphore)


def test_wait_for_and_timeout():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(semaphore.acquire(), 0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await semaphore.acquire()
        assert waiting(semaphore) == 0
        async with asyncio.timeout(LONG), asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(semaphore.acquire())
            await until(lambda: waiting(semaphore) == 3)
            for _ in range(3):
                semaphore.release()
        semaphore.release()
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                await semaphore.acquire()
                group.create_task(semaphore.acquire())
                await until(lambda: waiting(semaphore))
                raise LookupError
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_debug_mode_and_eager_tasks():
    semaphore = ProcessSemaphore(1)

    async def work():
        async with semaphore:
            await asyncio.sleep(0)

    async def main():
        if sys.version_info >= (3, 12):
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await asyncio.gather(*[asyncio.create_task(work()) for _ in range(10)])

    asyncio.run(main(), debug=True)
    assert all_free(semaphore)


def test_python_futures_and_tasks():
    """The pure Python classes of asyncio do as well as the C ones."""
    semaphore = ProcessSemaphore(1)
    order = []

    async def work(n):
        async with semaphore:
            order.append(n)
            await asyncio.sleep(0)

    async def main():
        loop = asyncio.get_running_loop()
        loop.create_future = lambda: asyncio.futures._PyFuture(loop=loop)
        loop.set_task_factory(
            lambda loop, coro, **kwargs: asyncio.tasks._PyTask(coro, loop=loop, **kwargs)
        )
        await asyncio.gather(*[asyncio.create_task(work(n)) for n in range(5)])
        quitter = asyncio.create_task(work(5))
        async with semaphore:
            await until(lambda: waiting(semaphore))
            quitter.cancel()
            with pytest.raises(asyncio.CancelledError):
                await quitter

    run(main())
    assert order == list(range(5))
    assert all_free(semaphore)


# Several loops and threads


def test_loops_and_threads_share_slots():
    slots = 3
    semaphore = ProcessSemaphore(slots)
    inside = AtomicInt64()
    rounds = 100

    async def main(_):
        async def work():
            for _ in range(rounds):
                async with semaphore:
                    assert inside.incr() <= slots
                    await asyncio.sleep(0)
                    inside.decr()

        await asyncio.gather(*[work() for _ in range(4)])

    def in_thread():
        for _ in range(rounds):
            with semaphore:
                assert inside.incr() <= slots
                inside.decr()

    def work(index):
        if index < 3:
            asyncio.run(asyncio.wait_for(main(index), LONG))
        else:
            in_thread()

    run_threads(6, work)
    assert all_free(semaphore)


def test_order_over_loops_and_threads():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    order = []

    def coroutine(n):
        async def main():
            async with semaphore:
                order.append(n)

        asyncio.run(main())

    def thread(n):
        with semaphore:
            order.append(n)

    tasks = []
    for n in range(8):
        tasks.append(Task(thread if n % 3 == 2 else coroutine, n))
        wait_until(lambda: waiting(semaphore) == len(tasks))
    semaphore.release()
    for task in tasks:
        task.result()
    assert order == list(range(8))
    assert all_free(semaphore)


def test_release_from_a_thread_without_a_loop():
    semaphore = ProcessSemaphore(1)

    async def main():
        for _ in range(20):
            await semaphore.acquire()
            releaser = threading.Thread(target=semaphore.release)
            releaser.start()
            await semaphore.acquire()
            releaser.join()
            semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_thread_waits_for_a_task():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        waiter = Task(semaphore.acquire_sync, timeout=LONG)
        await until(lambda: waiting(semaphore))
        semaphore.release()
        assert await asyncio.to_thread(waiter.result) is True
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def waits_in(loop, coroutine):
    """Let a coroutine wait in a loop, and return it."""

    async def begin():
        coroutine.send(None)

    loop.run_until_complete(begin())
    return coroutine


def left_in_a_closed_loop(semaphore):
    """Return a coroutine that waits in a loop that was closed."""
    loop = asyncio.new_event_loop()
    coroutine = waits_in(loop, semaphore.acquire())
    loop.close()
    return coroutine


@pytest.mark.parametrize("next_one", ["nobody", "thread", "task"])
def test_closed_loops_are_skipped(next_one):
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    # Enough of them to overflow the stack, were each to call the next.
    left = [left_in_a_closed_loop(semaphore) for _ in range(50 if next_one != "nobody" else 3000)]
    assert waiting(semaphore) == len(left)
    if next_one == "nobody":
        semaphore.release()
    elif next_one == "thread":
        task = Task(semaphore.acquire_sync, timeout=LONG)
        wait_until(lambda: waiting(semaphore) == len(left) + 1)
        semaphore.release()
        assert task.result()
        semaphore.release()
    else:

        async def main():
            (task,) = await queued(semaphore)
            semaphore.release()
            await task
            semaphore.release()

        run(main())
    assert all_free(semaphore)
    with pytest.raises(RuntimeError, match="cannot reuse"):
        left[0].send(None)


def test_loop_closed_after_hand_over():
    """The slot comes back when the waiter, which will never run, is destroyed."""
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = asyncio.new_event_loop()
    coroutine = waits_in(loop, semaphore.acquire())
    semaphore.release()
    assert semaphore.locked()
    loop.close()
    del coroutine
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
def test_task_destroyed_while_pending():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)

    async def begin():
        # Nobody keeps the task but what it waits for.
        (task,) = await queued(semaphore)
        return weakref.ref(task)

    task = loop.run_until_complete(begin())
    loop.close()
    del loop
    assert collected(task)
    assert waiting(semaphore) == 0
    semaphore.release()
    assert all_free(semaphore)


@pytest.mark.parametrize("seed", range(3))
def test_random_cancellations(seed):
    slots = 2
    semaphore = ProcessSemaphore(slots)
    inside = AtomicInt64()
    entered = AtomicInt64()

    async def main(index):
        rng = random.Random(seed * 100 + index)

        async def work():
            for _ in range(5):
                async with semaphore:
                    try:
                        assert inside.incr() <= slots
                        entered.incr()
                        await asyncio.sleep(0)
                    finally:
                        inside.decr()

        for _ in range(8):
            tasks = [asyncio.create_task(work()) for _ in range(6)]
            while pending := [task for task in tasks if not task.done()]:
                if rng.random() < 0.4:
                    rng.choice(pending).cancel()
                await asyncio.sleep(rng.choice([0, 0, 0, 0.0001]))
            for task in tasks:
                if not task.cancelled():
                    task.result()

    def in_thread(index):
        rng = random.Random(index)
        for _ in range(200):
            if semaphore.acquire_sync(timeout=rng.random() / 5000):
                assert inside.incr() <= slots
                inside.decr()
                semaphore.release()

    def work(index):
        if index < 3:
            asyncio.run(asyncio.wait_for(main(index), LONG))
        else:
            in_thread(index)

    run_threads(5, work)
    assert int(entered) > 0
    assert all_free(semaphore)


def test_hand_over_against_cancellation():
    """A thread hands over and the loop cancels, in one moment: no slot is lost."""
    semaphore = ProcessSemaphore(1)
    barrier = threading.Barrier(2)
    rounds = 200

    async def main():
        for _ in range(rounds):
            await semaphore.acquire()
            tasks = await queued(semaphore, 2)
            barrier.wait(LONG)
            tasks[0].cancel()
            (cancelled,) = await asyncio.gather(tasks[0], return_exceptions=True)
            if cancelled is None:
                semaphore.release()
            await tasks[1]
            semaphore.release()
            assert all_free(semaphore)

    def release():
        for _ in range(rounds):
            barrier.wait(LONG)
            semaphore.release()

    task = Task(release)
    run(main())
    task.result()


# Collector, signals, processes


def test_cycles_through_waiters_are_collected():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()

    class Loop(asyncio.SelectorEventLoop):
        pass

    loop = Loop()
    loop.coroutine = waits_in(loop, semaphore.acquire())
    loop.close()
    reference = weakref.ref(loop)
    del loop
    assert collected(reference)
    assert waiting(semaphore) == 0
    semaphore.release()
    assert all_free(semaphore)


def test_freed_while_an_exception_is_on_its_way():
    """A waiter that was served is freed by an expression that fails: the next is woken."""
    semaphore = ProcessSemaphore(1)

    class Failing:
        def __init__(self, coroutine):
            self.coroutine = coroutine

        def fail(self):
            raise KeyError("this one")

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        coroutine.send(None)
        (task,) = await queued(semaphore)
        semaphore.release()
        assert not task.done()
        failing = [Failing(coroutine)]
        del coroutine
        with pytest.raises(KeyError, match="this one"):
            # The last reference is that of the call.
            failing.pop().fail()
        gc.collect()
        await task
        semaphore.release()

    run(main())
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_ends_a_blocking_acquire():
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for wait in (semaphore.acquire_sync, semaphore.__enter__):
            with pytest.raises(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 0.02)
                wait()
            assert waiting(semaphore) == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    semaphore.release()
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_signals_lose_no_slot():
    """Interrupts strike anywhere, in the middle of asyncio too."""
    semaphore = ProcessSemaphore(1)

    async def other():
        while True:
            # Not "async with": between its block and the release is a gap that is Python's own.
            await semaphore.acquire()
            semaphore.release()
            await asyncio.sleep(0)

    def gone():
        gc.collect()
        return not waiting(semaphore)

    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        for _ in range(30):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda *_: None)
            tasks = [loop.create_task(other()) for _ in range(4)]
            run_until_interrupted(loop, random.uniform(0.001, 0.01))
            loop.close()
            del tasks, loop
            wait_until(gone)
            # It may have struck between the two lines of a task.
            if semaphore.locked():
                semaphore.release()
            assert all_free(semaphore)
    finally:
        sys.unraisablehook = hook


class FailingLoop(asyncio.SelectorEventLoop):
    """Fails the given number of times to take calls from other threads."""

    failures = 0
    error = KeyboardInterrupt

    def call_soon_threadsafe(self, *args, **kwargs):
        if self.failures:
            self.failures -= 1
            raise self.error
        return super().call_soon_threadsafe(*args, **kwargs)


def test_interrupt_while_waking():
    """It comes out after the call that it has struck, which is done, and the waiter is woken."""
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = FailingLoop()
    task = loop.create_task(semaphore.acquire())
    loop.run_until_complete(asyncio.sleep(0))
    loop.failures = 2
    released = []
    with pytest.raises(KeyboardInterrupt):
        released.append(semaphore.release())
        released.append("where it comes at the latest")
        wait_until(lambda: False)
    loop.run_until_complete(asyncio.wait_for(task, LONG))
    loop.close()
    assert len(released) < 3
    semaphore.release()
    assert all_free(semaphore)


@pytest.mark.thread_unsafe
def test_loop_that_does_not_work():
    """Its waiters are skipped, and somebody is told."""
    semaphore = ProcessSemaphore(1)
    semaphore.try_acquire()
    loop = FailingLoop()
    loop.failures, loop.error = 1000, LookupError
    coroutine = waits_in(loop, semaphore.acquire())
    told = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda told_of: told.append(told_of.exc_type)
    try:
        semaphore.release()
    finally:
        sys.unraisablehook = hook
    assert told == [LookupError]
    assert all_free(semaphore)
    loop.failures = 0
    loop.close()
    coroutine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork():
    out = run_python(
        """
import asyncio, os, threading, time, warnings
from ft_utils import ProcessSemaphore
warnings.simplefilter("ignore")
semaphore = ProcessSemaphore(1)
semaphore.try_acquire()
waiter = threading.Thread(target=semaphore.acquire_sync)
waiter.start()
while "waiting" not in repr(semaphore):
    time.sleep(0.001)
child = os.fork()
if child == 0:
    # The thread that waits is the parent's; the slot that is held is ours, too.
    semaphore.release()
    assert semaphore.value == 1, semaphore
    async def main():
        async with semaphore, ProcessSemaphore(1):
            task = asyncio.create_task(semaphore.acquire())
            await asyncio.sleep(0)
        await task
    asyncio.run(main())
    os._exit(7)
_, status = os.waitpid(child, 0)
semaphore.release()
waiter.join()
print(os.waitstatus_to_exitcode(status), semaphore)
""",
        stderr=None,
    )
    assert out == "7 <ProcessSemaphore with 0 of 1 slots free>\n"


def test_interpreter_exits_with_waiters():
    run_python(
        """
import asyncio, threading, time
from ft_utils import ProcessSemaphore
semaphore = ProcessSemaphore(1)
semaphore.try_acquire()
def loop():
    async def main():
        await semaphore.acquire()
    asyncio.run(main())
for target in (semaphore.acquire_sync, loop):
    threading.Thread(target=target, daemon=True).start()
while "2 waiting" not in repr(semaphore):
    time.sleep(0.001)
""",
    )


def test_asyncio_is_not_imported():
    out = run_python(
        """
import sys, ft_utils
semaphore = ft_utils.ProcessSemaphore(1)
with semaphore:
    semaphore.acquire_sync(timeout=0.001)
print("asyncio" in sys.modules)
"""
    )
    assert out == "False\n"
