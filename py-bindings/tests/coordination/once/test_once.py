"""Once and call_once: one call for all threads and tasks."""

import asyncio
import functools
import gc
import sys
import threading
import traceback
import weakref

import pytest
from ft_utils import AtomicInt64, ConcurrentDict, Event, Once, call_once
from helpers.limits import LONG, VERY_LONG
from helpers.loops import run, started
from helpers.objects import collected
from helpers.threads import Task, run_threads


class Work:
    """A function that waits until it may go on, and counts its calls."""

    def __init__(self, *outcomes):
        self.calls = AtomicInt64()
        self.entered, self.go = Event(), Event()
        self.outcomes = list(outcomes)

    def outcome(self):
        outcome = self.outcomes[min(self.calls.incr() - 1, len(self.outcomes) - 1)]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def __call__(self):
        self.entered.set()
        assert self.go.wait(VERY_LONG)
        return self.outcome()

    async def task(self):
        self.entered.set()
        assert await self.go.wait_async(VERY_LONG)
        return self.outcome()


def test_one_call():
    calls = []
    once = Once(lambda: calls.append(1) or calls)
    assert not once.done() and "not done" in repr(once)
    assert once() is once() is once.handle()() is calls
    assert calls == [1]
    assert once.done() and once.handle().done()


def test_threads_and_tasks_get_one_result():
    work = Work(object(), None)
    once = Once(work)
    lead = Task(once)
    work.entered.wait(LONG)
    waits = [Task(once).until_asleep() for _ in range(3)]

    async def tasks():
        tasks = await started(*(once.call_async() for _ in range(5)))
        work.go.set()
        return await asyncio.gather(*tasks)

    found = [lead, *waits]
    everyone = run(tasks()) + [each.result() for each in found]
    assert len(set(map(id, everyone))) == 1
    assert work.calls.get() == 1


def test_an_async_function():
    work = Work("done", None)
    once = Once(work.task)

    async def tasks():
        tasks = await started(*(once.call_async() for _ in range(3)))
        thread = Task(once).until_asleep()
        work.go.set()
        assert await asyncio.gather(*tasks) == ["done"] * 3
        return thread

    assert run(tasks()).result() == "done"
    assert work.calls.get() == 1
    with pytest.raises(TypeError, match="call_async"):
        Once(work.task)()


def test_the_next_one_tries_again():
    work = Work(ValueError("first"), KeyboardInterrupt(), "third")
    once, outcomes = Once(work), []
    lead = Task(once)
    work.entered.wait(LONG)

    def ask():
        try:
            outcomes.append(once())
        except BaseException as error:
            outcomes.append(type(error))

    waits = [Task(ask).until_asleep() for _ in range(4)]
    work.go.set()
    with pytest.raises(ValueError, match="first"):
        lead.result()
    for each in waits:
        each.result()
    # The first in line was interrupted, and the second made the result.
    assert sorted(map(str, outcomes)) == ["<class 'KeyboardInterrupt'>", "third", "third", "third"]
    assert work.calls.get() == 3


def test_errors_are_kept():
    work = Work(ValueError("bad"), "never")
    once = Once(work, keep_errors=True)
    work.go.set()
    errors = []
    for _ in range(3):
        with pytest.raises(ValueError, match="bad") as caught:
            once()
        errors.append(caught.value)

    async def main():
        with pytest.raises(ValueError, match="bad"):
            await once.call_async()

    run(main())
    assert once.done() and work.calls.get() == 1
    # Each caller has its own, whose traceback does not grow.
    assert len(set(map(id, errors))) == 3

    work = Work(KeyboardInterrupt(), "fine")
    work.go.set()
    once = Once(work, keep_errors=True)
    with pytest.raises(KeyboardInterrupt):
        once()
    assert once() == "fine"


def test_errors_that_cannot_be_copied_are_kept():
    class Uncopyable(Exception):
        def __init__(self, one, two):
            super().__init__(one + two)

    class Slow(Exception):
        def __reduce_ex__(self, _protocol):
            raise KeyboardInterrupt

    def raised(once, kind):
        with pytest.raises(kind) as caught:
            once()
        return caught.value

    work = Work(Uncopyable(1, 2), "never")
    once = Once(work, keep_errors=True)
    work.go.set()
    errors = [raised(once, Uncopyable) for _ in range(4)]
    assert all(error is errors[0] for error in errors)
    # The traceback is that of the last call.
    assert len([*traceback.walk_tb(errors[0].__traceback__)]) == 1

    work = Work(Slow(), "fine")
    once = Once(work, keep_errors=True)
    work.go.set()
    raised(once, KeyboardInterrupt)
    assert once() == "fine"


def test_cancelled_computations_are_handed_over():
    work = Work("done")
    once = Once(work.task, keep_errors=True)

    async def main():
        tasks = await started(*(once.call_async() for _ in range(4)), rounds=2)
        # The leader.
        tasks[0].cancel()
        await asyncio.sleep(0)
        # The next, which may not have begun.
        tasks[1].cancel()
        # One in line.
        tasks[3].cancel()
        work.go.set()
        assert await tasks[2] == "done"
        assert [task.cancelled() for task in tasks] == [True, True, False, True]

    run(main())
    assert work.calls.get() == 1


def test_a_task_that_is_cancelled_hands_over_to_a_thread():
    entered, values = Event(), iter(["thread"])

    async def forever():
        await asyncio.sleep(LONG)

    def function():
        if not entered.is_set():
            entered.set()
            return forever()
        return next(values)

    once = Once(function)

    async def main():
        (task,) = await started(once.call_async(), rounds=2)
        thread = Task(once).until_asleep()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return thread

    assert run(main()).result() == "thread"


def test_timeouts():
    work = Work("done")
    once = Once(work)
    lead = Task(once)
    work.entered.wait(LONG)
    for timeout in (0, 0.001):
        with pytest.raises(TimeoutError, match="still computing"):
            once(timeout=timeout)

    async def main():
        with pytest.raises(TimeoutError, match="still computing"):
            await once.call_async(timeout=0.001)
        assert not once.done()

    run(main())
    work.go.set()
    assert lead.result() == once(timeout=0) == "done"
    with pytest.raises(ValueError, match="negative"):
        once(timeout=-1)


def test_own_result():
    once = Once(lambda: once())
    with pytest.raises(RuntimeError, match="its own result"):
        once()
    outer = Once(lambda: inner())
    inner = Once(lambda: outer())
    with pytest.raises(RuntimeError, match="its own result"):
        outer()

    async def function():
        return await in_task.call_async()

    in_task = Once(function)

    async def main():
        with pytest.raises(RuntimeError, match="its own result"):
            await in_task.call_async()

        async def waits_for_the_thread():
            return mixed()

        mixed = Once(waits_for_the_thread)
        with pytest.raises(RuntimeError, match="await call_async"):
            await mixed.call_async()

    run(main())


def test_circles_through_threads_and_a_dictionary():
    """A thread waits for a function that waits for a key whose factory asks for the first."""
    table, both, calls = ConcurrentDict(), threading.Barrier(2), AtomicInt64()

    def function():
        # If its first call is refused, the other thread makes the next one.
        if calls.incr() == 1:
            both.wait()
        return table.get_or_insert("key", int)

    def factory():
        both.wait()
        return once()

    once = Once(function)
    others = [Task(once), Task(table.get_or_insert, "key", factory)]
    failed = 0
    for each in others:
        try:
            each.result()
        except RuntimeError as error:
            assert "deadlock" in str(error) or "itself" in str(error)
            failed += 1
    # The one that was refused ends; the other one may have made the value itself.
    assert failed >= 1


def test_bad_arguments():
    with pytest.raises(TypeError, match="callable"):
        Once(1)
    with pytest.raises(TypeError):
        Once()
    with pytest.raises(TypeError):
        Once(int)(1)

    class Sub(Once):
        def __init__(self):
            pass

    with pytest.raises(RuntimeError, match="not called by the subclass"):
        Sub()()


def test_decorator():
    @call_once
    def settings():
        """Read them."""
        return {"size": 3}

    assert settings() is settings()
    assert (settings.__name__, settings.__doc__) == ("settings", "Read them.")
    assert isinstance(settings, Once)

    @call_once(keep_errors=True)
    def fails():
        raise OSError(len(calls))

    calls = [1]
    for _ in range(2):
        with pytest.raises(OSError, match="1"):
            fails()
        calls.append(1)


@pytest.mark.thread_unsafe(reason="needs many threads")
def test_many_threads():
    """Two thousand threads wait for one result."""
    work, count, entered = Work(object(), None), 2_000, AtomicInt64()
    once = Once(work)
    before = threading.stack_size(256 * 1024)
    found = ConcurrentDict()

    def ask():
        entered.incr()
        found.setdefault(id(once()), 0)

    try:
        threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    pause = Event()
    while entered.get() < count:
        pause.wait(0.001)
    work.go.set()
    for thread in threads:
        thread.join(VERY_LONG)
        assert not thread.is_alive()
    assert len(found) == work.calls.get() == 1


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
def test_many_tasks():
    """Many tasks wait for one result, and memory is as it was."""
    count = 5_000

    async def many():
        work = Work("done", None)
        once = Once(work.task)
        tasks = await started(*(once.call_async() for _ in range(count)))
        work.go.set()
        assert await asyncio.gather(*tasks) == ["done"] * count
        assert work.calls.get() == 1

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(many())
    before = blocks()
    run(many())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10


def test_in_a_storm():
    """The first calls fail, and all threads get the one result in the end."""

    def ask(once, n):
        while True:
            try:
                return once() if n % 2 else run(once.call_async())
            except ValueError:
                pass

    for _ in range(50):
        work = Work(ValueError(), ValueError(), "done", None)
        work.go.set()
        once = Once(work)
        assert run_threads(4, functools.partial(ask, once)) == ["done"] * 4
        assert work.calls.get() == 3


def test_circles_are_collected():
    class Value:
        pass

    def make():
        value = Value()
        once = Once(lambda: (value, once))
        once.handle_of_it = once.handle()
        once()
        return weakref.ref(value)

    assert collected(make())

    once = Once(Value)
    once.result = once()
    once.result.once = once
    alive = weakref.ref(once.result)
    del once
    assert collected(alive)
