"""fail() of all queues: whoever waits or comes later learns why there is nothing more."""

import asyncio
import gc
import operator
import sys
import traceback
import weakref

import pytest
from ft_utils.concurrency import (
    ConcurrentQueue,
    QueueFailed,
    ShutDown,
    StdConcurrentQueue,
)
from kinds import EACH, EACH_STD
from support import LONG, Stop, Task, Thing, collected, run_threads

BAD_ROW = "^the queue has failed: ValueError: bad row$"


def failed(q, error=None):
    q.fail(error or ValueError("bad row"))
    return q


def filled(kind, *items, maxsize=0):
    q = kind(maxsize=maxsize)
    q.push_many(items)
    return q


def pushes(q):
    calls = [lambda: q.push(1), lambda: q.push(1, 5), lambda: q.try_push(1)]
    if hasattr(q, "put"):
        calls += [lambda: q.put(1), lambda: q.put(1, timeout=-1), lambda: q.put_nowait(1)]
    return calls


def pops(q):
    calls = [q.pop, lambda: q.pop(0), q.try_pop, lambda: q.pop_many(2), q.pop_local]
    calls += [lambda: next(iter(q)), lambda: list(q)]
    if hasattr(q, "get"):
        calls += [q.get, lambda: q.get(timeout=-1), q.get_nowait]
    return calls


@EACH
def test_what_is_left_comes_first(kind):
    error = ValueError("bad row")
    q = filled(kind, 1, 2, maxsize=3)
    assert q.failure is None
    assert q.fail(exception=error) is None
    assert q.failure is error
    assert q.is_shutdown
    for call in pushes(q):
        with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
            call()
        assert caught.value.__cause__ is error
    assert sorted(q.drain()) == [1, 2]
    for call in pops(q):
        with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
            call()
        assert caught.value.__cause__ is error


@EACH
def test_items_left_are_seen(kind):
    q = failed(filled(kind, 1, 2))
    assert sorted([q.pop(), *q.drain()]) == [1, 2]
    q = failed(filled(kind, 1, 2))
    got = []
    with pytest.raises(QueueFailed):
        for item in q:
            got.append(item)
    assert sorted(got) == [1, 2]


@EACH
def test_push_many_returns_the_rest(kind):
    q = failed(kind())
    with pytest.raises(QueueFailed) as caught:
        q.push_many("ab")
    assert caught.value.remaining == ["a", "b"]


@EACH
def test_failure_wakes_everyone(kind):
    for lock_free in {False, kind is ConcurrentQueue}:
        options = {"lock_free": True} if lock_free else {}
        empty, full = kind(**options), kind(maxsize=1, **options)
        full.push(0)
        handle = empty.handle()
        tasks = [Task(empty.pop), Task(handle.pop, LONG), Task(empty.pop_many, 3)]
        tasks += [Task(list, empty), Task(full.push, 1), Task(full.push_many, [1, 2])]
        if kind is not ConcurrentQueue:
            tasks += [Task(empty.get), Task(full.put, 1), Task(full.join)]
        for task in tasks:
            task.until_asleep()
        error = ValueError("bad row")
        handle.fail(error)
        failed(full, error)
        seen = []
        for task in tasks:
            with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
                task.result()
            seen.append(caught.value)
        # Each has one of its own, for threads that add to its traceback.
        assert len({id(one) for one in seen}) == len(seen)
        assert {id(one.__cause__) for one in seen} == {id(error)}
        assert empty.failure is error


@EACH
def test_first_end_stays(kind):
    first = ValueError("bad row")
    q = failed(kind(), first)
    q.fail(LookupError())
    q.shutdown()
    assert q.failure is first
    with pytest.raises(QueueFailed, match=BAD_ROW):
        q.pop()
    q = kind()
    q.shutdown()
    q.fail(first)
    assert q.failure is None
    with pytest.raises(ShutDown):
        q.pop()
    assert list(q) == []
    assert "shut down" in repr(q)


@EACH
def test_ends_that_race(kind):
    """One of them decides, and everybody is told the same."""
    for _ in range(30):
        q = kind()

        def end(index, q=q):
            q.shutdown() if index % 2 else q.fail(ValueError("bad row"))
            try:
                q.pop()
            except (QueueFailed, ShutDown) as error:
                return type(error)

        assert len({*run_threads(4, end), ShutDown if q.failure is None else QueueFailed}) == 1


@EACH
def test_shutdown_may_drop_the_rest(kind):
    q = failed(filled(kind, 1, 2))
    q.shutdown(immediate=True)
    with pytest.raises(QueueFailed):
        q.pop()


@EACH
@pytest.mark.parametrize("bad", [None, "text", 3, LookupError, BaseException])
def test_failure_is_an_exception(kind, bad):
    q = kind()
    with pytest.raises(TypeError, match="exception must be an exception, not"):
        q.fail(bad)
    assert q.failure is None
    q.push(1)
    q.fail(KeyboardInterrupt())
    assert isinstance(q.failure, KeyboardInterrupt)
    assert q.pop() == 1
    with pytest.raises(QueueFailed, match=r"^the queue has failed: KeyboardInterrupt$"):
        q.pop()


@EACH
def test_failure_is_told(kind):
    q = failed(filled(kind, 1, maxsize=3))
    assert repr(q) == f"<{kind.__name__} with 1 of 3 items, failed>"
    assert "failed" in repr(q.handle())
    q.pop()
    try:
        q.pop()
    except QueueFailed:
        text = traceback.format_exc()
    assert "ValueError: bad row" in text
    assert "direct cause" in text
    assert text.endswith("QueueFailed: the queue has failed: ValueError: bad row\n")


@EACH
def test_failures_of_a_chain_of_queues(kind):
    error = ValueError("bad row")
    for _ in range(5):
        q = failed(kind(), error)
        with pytest.raises(QueueFailed) as caught:
            q.pop()
        error = caught.value
    assert str(error).count("the queue has failed") == 5
    assert str(error).endswith("ValueError: bad row")


class Odd(Exception):
    """Has a text that is asked for only once, by the thread that fails."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell
        self.asked = 0

    def __str__(self):
        self.asked += 1
        return self.tell()


@EACH
def test_text_is_asked_for_once(kind):
    error = Odd(lambda: "odd")
    q = failed(kind(), error)
    for _ in range(3):
        with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd: odd$"):
            q.pop()
    assert error.asked == 1


@EACH
@pytest.mark.parametrize("text", ["", None, "\ud800"])
def test_odd_texts(kind, text):
    q = failed(kind(), Odd(lambda: text))
    with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd"):
        q.pop()


@EACH
def test_text_that_raises(kind):
    def refuse():
        raise LookupError

    def stop():
        raise Stop

    q = failed(kind(), Odd(refuse))
    with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd$"):
        q.pop()
    # A signal, say. It is not lost, and neither is the failure.
    q = kind()
    with pytest.raises(Stop):
        q.fail(Odd(stop))
    assert isinstance(q.failure, Odd)
    with pytest.raises(QueueFailed, match=r"^the queue has failed: Odd$"):
        q.pop()


@EACH
def test_text_may_use_the_queue(kind):
    q = kind()
    inner = ValueError("inner")

    def use():
        q.push(1)
        q.fail(inner)
        return "outer"

    q.fail(Odd(use))
    assert q.failure is inner
    assert q.drain() == [1]


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle_through_the_failure_is_collected(kind):
    def fail():
        q = kind()
        q.thing = Thing()
        reference = weakref.ref(q.thing)
        try:
            raise ValueError("bad row")
        except ValueError as error:
            # Its traceback has this frame, which has the queue.
            q.fail(error)
        q.handle().handle()
        return reference

    assert collected(fail())


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_the_failure(kind):
    error = ValueError("bad row")
    error.thing = Thing()
    reference = weakref.ref(error.thing)
    q = failed(kind(), error)
    handle = q.handle()
    del error, q
    gc.collect()
    assert handle.failure.thing is reference()
    del handle
    assert collected(reference)


@EACH
@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay(kind):
    error = ValueError("bad row")
    before = sys.getrefcount(error)
    q = failed(kind(), error)
    for _ in range(20):
        q.fail(error)
        assert q.failure is error
        with pytest.raises(QueueFailed):
            q.pop()
    del q
    gc.collect()
    assert sys.getrefcount(error) == before


@EACH
def test_subclass_that_forgets(kind):
    class Forgets(kind):
        def __init__(self):
            pass

    q = Forgets()
    for call in (lambda: q.fail(ValueError()), lambda: q.failure, q.drain):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    with pytest.raises(RuntimeError, match="__init__"):
        operator.length_hint(q)


# join


@EACH_STD
def test_join_of_a_failed_queue(kind):
    q = failed(filled(kind, 1))
    with pytest.raises(QueueFailed, match=BAD_ROW):
        q.join()
    q.get()
    q.task_done()
    q.join()


# Tasks


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


async def started(*coroutines):
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


@EACH
def test_failure_wakes_tasks(kind):
    empty, full = kind(), filled(kind, 1, maxsize=1)

    async def main():
        waiting = [empty.get_async(), empty.pop_async(LONG), full.put_async(1), full.push_async(1)]
        if kind is not ConcurrentQueue:
            waiting.append(full.join_async())
        tasks = await started(*waiting)
        for q in (empty, full):
            Task(failed, q).result()
        for task in tasks:
            with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
                await task
            assert isinstance(caught.value.__cause__, ValueError)
        for call in (empty.get_async, lambda: full.put_async(1)):
            with pytest.raises(QueueFailed, match=BAD_ROW):
                await call()
        assert await full.get_async() == 1

    run(main())


@EACH_STD
def test_join_async(kind):
    q = kind()

    async def work():
        while True:
            await q.get_async()
            await asyncio.sleep(0)
            q.task_done()

    async def main():
        await q.join_async()
        worker = asyncio.create_task(work())
        for n in range(5):
            await q.put_async(n)
        await q.join_async()
        assert q.unfinished_tasks == 0
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

    run(main())


@EACH_STD
@pytest.mark.parametrize(
    "finish",
    [
        lambda q: [q.task_done(), q.task_done()],
        lambda q: Task(lambda: [q.task_done(), q.task_done()]).result(),
        lambda q: q.shutdown(immediate=True),
        lambda q: Task(q.shutdown, True).result(),
    ],
    ids=["here", "in a thread", "shutdown", "shutdown in a thread"],
)
def test_join_async_is_woken(kind, finish):
    q = filled(kind, 1, 2)

    async def main():
        tasks = await started(q.join_async(), q.handle().join_async(), q.join_async())
        # One that leaves takes nothing from the others.
        tasks[0].cancel()
        await asyncio.gather(tasks.pop(0), return_exceptions=True)
        finish(q)
        assert await asyncio.gather(*tasks) == [None, None]

    run(main())


@EACH_STD
def test_join_async_that_is_given_up(kind):
    q = filled(kind, 1)

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(q.join_async(), 0.01)
        joins = Task(q.join).until_asleep()
        q.task_done()
        joins.result()

    run(main())


def test_join_async_without_tasks():
    q = StdConcurrentQueue.__new__(StdConcurrentQueue)
    ConcurrentQueue.__init__(q)
    with pytest.raises(RuntimeError, match="__init__"):
        q.join_async()
    q.fail(ValueError("bad row"))
    with pytest.raises(QueueFailed):
        q.get()
