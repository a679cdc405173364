"""WorkStealingExecutor: jobs, futures, and what programs do with them."""

import asyncio
import concurrent.futures
import contextvars
import copy
import logging
import threading
import weakref
from concurrent.futures import CancelledError, Future, InvalidStateError

import ft_utils
import pytest
from ft_utils import WorkStealingExecutor, WorkStealingFuture
from ft_utils._flow.cpus import available_cpus
from helpers.limits import LONG
from helpers.objects import Thing, collected
from helpers.threads import Task, run_threads

pytestmark = pytest.mark.thread_unsafe(reason="starts threads")


@pytest.fixture
def executor():
    with WorkStealingExecutor(2) as executor:
        yield executor


@pytest.fixture
def busy():
    """An executor whose one worker waits for an event."""
    with WorkStealingExecutor(1) as executor:
        entered, go = threading.Event(), threading.Event()
        executor.submit(lambda: (entered.set(), go.wait(LONG)))
        assert entered.wait(LONG)
        executor.go = go
        yield executor
        go.set()


def test_arguments(executor):
    def call(*args, **kwargs):
        return args, kwargs

    assert executor.submit(call).result() == ((), {})
    assert executor.submit(call, 1, 2).result() == ((1, 2), {})
    assert executor.submit(call, 1, fn=2, self=3).result() == ((1,), {"fn": 2, "self": 3})
    with pytest.raises(TypeError, match="fn"):
        executor.submit(fn=call)
    with pytest.raises(TypeError, match="not callable"):
        executor.submit(3).result()


def test_futures_are_futures(executor):
    future = executor.submit(int)
    assert type(future) is WorkStealingFuture
    assert isinstance(future, Future)
    assert future.result() == 0
    assert future.exception() is None
    assert (future.done(), future.running(), future.cancelled()) == (True, False, False)
    assert "state=finished returned int" in repr(future)
    with pytest.raises(TypeError, match="copy"):
        copy.copy(future)
    with pytest.raises(InvalidStateError, match="FINISHED"):
        future.set_result(1)
    future.mine = 1
    assert future.mine == 1


def test_errors_have_their_traceback(executor):
    def deep():
        raise ValueError("no")

    future = executor.submit(lambda: deep())
    with pytest.raises(ValueError, match="no") as caught:
        future.result()
    names = [entry.name for entry in caught.traceback]
    assert names[-2:] == ["<lambda>", "deep"]
    assert future.exception() is caught.value
    assert "raised ValueError" in repr(future)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_any_exception_is_a_result(executor, kind):
    def fail():
        raise kind("end")

    assert type(executor.submit(fail).exception()) is kind
    assert executor.submit(int).result() == 0


def test_context_variables_are_carried(executor):
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(1)

    def change():
        before = variable.get()
        variable.set(before + 10)
        return before, variable.get(), executor.submit(variable.get).result()

    first, second = executor.submit(change), executor.submit(change)
    variable.set(2)
    assert first.result() == second.result() == (1, 11, 11)
    assert variable.get() == 2


def test_cancel(busy):
    thing = Thing()
    died = weakref.ref(thing)
    told = []
    future = busy.submit(print, thing)
    future.add_done_callback(told.append)
    del thing
    assert "state=pending" in repr(future)
    assert future.cancel()
    assert future.cancel()
    assert future.cancelled() and future.done()
    assert told == [future]
    # Its arguments are released at once, though it is in the queue.
    assert collected(died)
    for ask in (future.result, future.exception):
        with pytest.raises(CancelledError):
            ask()
    assert not concurrent.futures.wait([future], timeout=0).done
    busy.go.set()
    assert concurrent.futures.wait([future], timeout=LONG).done == {future}


def test_running_jobs_are_not_cancelled(busy):
    future = busy.submit(int)
    busy.go.set()
    assert future.result(LONG) == 0
    assert not future.cancel()


def test_cancel_or_run_but_never_both(executor):
    ran = []
    futures = [executor.submit(ran.append, n) for n in range(300)]
    cancelled = [n for n, future in enumerate(futures) if future.cancel()]
    concurrent.futures.wait(futures, timeout=LONG)
    assert sorted(ran + cancelled) == list(range(300))


def test_timeouts(busy):
    future = busy.submit(int)
    for timeout in (0, -1, 0.001):
        with pytest.raises(TimeoutError):
            future.result(timeout)
        with pytest.raises(TimeoutError):
            future.exception(timeout=timeout)
    with pytest.raises(ValueError, match="NaN"):
        future.result(float("nan"))
    with pytest.raises(TypeError, match="timeout"):
        future.result("soon")
    busy.go.set()
    assert future.result(1e30) == 0
    assert future.result(0) == 0


def test_callbacks(executor, caplog):
    told = []

    def fail(future):
        raise ValueError("in a callback")

    go = threading.Event()
    future = executor.submit(go.wait, LONG)
    future.add_done_callback(lambda it: told.append((1, it.result(0))))
    future.add_done_callback(fail)
    future.add_done_callback(lambda it: told.append((2, it.result(0))))
    with caplog.at_level(logging.ERROR, "concurrent.futures"):
        go.set()
        executor.shutdown()
        future.add_done_callback(lambda it: told.append((3, it.result(0))))
        future.add_done_callback(fail)
    assert told == [(1, True), (2, True), (3, True)]
    assert [record.message.split(" for ")[0] for record in caplog.records] == [
        "exception calling callback"
    ] * 2


@pytest.mark.parametrize("when", ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"])
def test_wait_while_jobs_end(executor, when):
    """The functions of concurrent.futures see each future end once, whenever that is."""
    for _ in range(100):
        futures = [executor.submit(divmod, 1, 1) for _ in range(3)]
        done, late = concurrent.futures.wait(futures, LONG, when)
        assert done | late == set(futures)
        assert done
        if when != "FIRST_COMPLETED":
            assert not late


def test_as_completed_while_jobs_end(executor):
    for _ in range(100):
        futures = [executor.submit(divmod, n, 1) for n in range(4)]
        done = [it.result()[0] for it in concurrent.futures.as_completed(futures, LONG)]
        assert sorted(done) == [0, 1, 2, 3]


def test_event_loop(executor):
    variable = contextvars.ContextVar("variable")

    async def main():
        variable.set(5)
        loop = asyncio.get_running_loop()
        one = await loop.run_in_executor(executor, variable.get)
        loop.set_default_executor(WorkStealingExecutor(2))
        two = await asyncio.to_thread(variable.get)
        many = await asyncio.gather(*(loop.run_in_executor(executor, pow, 2, n) for n in range(20)))
        wrapped = asyncio.wrap_future(executor.submit(divmod, 1, 0))
        with pytest.raises(ZeroDivisionError):
            await wrapped
        return one, two, many

    one, two, many = asyncio.run(main())
    assert (one, two) == (5, 5)
    assert many == [2**n for n in range(20)]


def test_cancelled_task_cancels_the_job(busy):
    async def main():
        future = busy.submit(int)
        task = asyncio.ensure_future(asyncio.wrap_future(future))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return future

    assert asyncio.run(main()).cancelled()


def test_map(executor):
    assert list(executor.map(pow, [1, 2, 3], [2, 2])) == [1, 4]
    for size in (1, 2, 3, 100):
        for room in (None, 1, 2, 100):
            results = executor.map(str, range(7), chunksize=size, buffersize=room)
            assert list(results) == list("0123456")
    for wrong in ({"chunksize": 0}, {"buffersize": 0}):
        with pytest.raises(ValueError, match="size"):
            executor.map(str, [], **wrong)
    with pytest.raises(TypeError, match="buffersize"):
        executor.map(str, [], buffersize="2")


@pytest.mark.parametrize("size", [1, 2, 10])
def test_map_stops_at_an_error(executor, size):
    results = executor.map(divmod, [1, 2, 3, 4], [1, 1, 0, 1], chunksize=size)
    assert next(results) == (1, 0)
    assert next(results) == (2, 0)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("size", [1, 2])
def test_map_that_another_thread_leaves(size):
    """What has not begun is cancelled when close() returns."""
    made, called = [], []
    begun, go, end = threading.Event(), threading.Event(), threading.Event()

    def call(n):
        called.append(n)
        return n < size or go.wait(LONG)

    def begin():
        results = executor.map(call, range(20), chunksize=size)
        next(results)
        made.append(results)
        del results
        begun.set()
        assert end.wait(LONG)

    with WorkStealingExecutor(1) as executor:
        task = Task(begin)
        assert begun.wait(LONG)
        try:
            made.pop().close()
            go.set()
            executor.shutdown()
        finally:
            go.set()
            end.set()
            task.result()
    # The second job may have begun.
    assert len(called) <= 2 * size


def test_map_late(busy):
    results = busy.map(str, [1, 2], timeout=0.001)
    with pytest.raises(TimeoutError):
        next(results)


def test_initializer():
    local = threading.local()

    def prepare(value):
        local.value = value

    with WorkStealingExecutor(2, "mine", prepare, (7,)) as executor:
        values = list(executor.map(lambda _: getattr(local, "value", None), range(50)))
        assert values == [7] * 50
        name = executor.submit(lambda: threading.current_thread().name).result()
        assert name.startswith("mine_")


def test_initializer_that_fails(caplog):
    go = threading.Event()

    def fail():
        assert go.wait(LONG)
        raise ValueError("not today")

    with WorkStealingExecutor(1, initializer=fail) as executor:
        futures = [executor.submit(int) for _ in range(3)]
        go.set()
        for future in futures:
            with pytest.raises(concurrent.futures.thread.BrokenThreadPool, match="initializer"):
                future.result()
        with pytest.raises(concurrent.futures.BrokenExecutor):
            executor.submit(int)
    assert "Exception in initializer" in caplog.text


def test_construction():
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="max_workers must be greater than 0"):
            WorkStealingExecutor(wrong)
    with pytest.raises(TypeError):
        WorkStealingExecutor(1.5)
    with pytest.raises(TypeError, match="initializer"):
        WorkStealingExecutor(initializer=3)
    assert WorkStealingExecutor().max_workers == available_cpus()
    assert WorkStealingExecutor(3).max_workers == 3
    assert "at most 3 workers" in repr(WorkStealingExecutor(3))
    with pytest.raises(RuntimeError, match="__init__"):
        WorkStealingExecutor.__new__(WorkStealingExecutor).submit(int)
    with pytest.raises(TypeError, match="class of futures"):
        ft_utils._native.ExecutorBase()._set_up(1, weakref.ref(Thing()), int)

    class Odd(ft_utils._native.FutureBase):
        def __new__(cls):
            return 5

    odd, starter = ft_utils._native.ExecutorBase(), Thing()
    odd._set_up(1, weakref.ref(starter), Odd)
    with pytest.raises(TypeError, match="'int'"):
        odd.submit(int)


def test_submissions_of_many_threads(executor):
    def submit(n):
        return [executor.submit(divmod, n, 3) for _ in range(200)]

    for n, futures in enumerate(run_threads(4, submit)):
        assert {future.result(LONG) for future in futures} == {divmod(n, 3)}


def test_one_future_in_many_threads(executor):
    for _ in range(20):
        go = threading.Event()
        future = executor.submit(lambda go=go: (go.wait(LONG), object())[1])

        def ask(n, future=future, go=go):
            if n == 0:
                go.set()
            return future.result(LONG)

        assert len(set(run_threads(4, ask))) == 1
