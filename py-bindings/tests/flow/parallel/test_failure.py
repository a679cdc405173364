"""Loops in several threads: calls, items and progress that fail; loops that are left early."""

import gc
import threading
import traceback
import weakref
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import count, islice

import pytest
from ft_utils import (
    ConcurrentQueue,
    Event,
    Stopped,
    parallel_for_each,
    parallel_map,
    parallel_reduce,
)
from ft_utils._flow.flight import Flight
from helpers.limits import LONG
from helpers.threads import Task, wait_until

from .shared import Drawn, Manual, inverse, square, workers

pytestmark = pytest.mark.thread_unsafe(reason="looks at all threads")


def each(fn, items, **kwargs):
    return parallel_for_each(fn, items, **kwargs)


def mapped(fn, items, **kwargs):
    return list(parallel_map(fn, items, **kwargs))


def as_they_come(fn, items, **kwargs):
    return list(parallel_map(fn, items, ordered=False, **kwargs))


def reduced(fn, items, **kwargs):
    return parallel_reduce(lambda one, two: (fn(one), fn(two))[1], items, **kwargs)


LOOPS = pytest.mark.parametrize("loop", [each, mapped, as_they_come, reduced])
THREADS = pytest.mark.parametrize("n_threads", [1, 2, 5])


class Failed(Exception):
    pass


def fail_at(number):
    def fail(item):
        if item == number:
            raise Failed(item)
        return item

    return fail


@LOOPS
@THREADS
@pytest.mark.parametrize("at", [1, 50])
def test_error_of_a_call(loop, n_threads, at):
    with pytest.raises(Failed, match=str(at)) as caught:
        loop(fail_at(at), count(), n_threads=n_threads)
    # It has the line that has raised it.
    assert "raise Failed(item)" in "".join(traceback.format_exception(caught.value))
    assert workers() == []


@pytest.mark.parametrize("loop", [each, mapped, as_they_come])
@THREADS
@pytest.mark.parametrize("size", [1, 3])
def test_stop_iteration_of_a_call(loop, n_threads, size):
    """It ends no iterator, and so no item is left out."""

    def stop(item):
        if item == 4:
            raise StopIteration
        return item

    with pytest.raises(RuntimeError, match="StopIteration"):
        loop(stop, range(6), n_threads=n_threads, chunk_size=size)
    results = parallel_map(stop, range(6), n_threads=n_threads, chunk_size=size)
    assert list(islice(results, 4)) == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="StopIteration"):
        next(results)
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(parallel_map(lambda item, _: stop(item), range(6), range(6), n_threads=n_threads))
    assert workers() == []


@LOOPS
@THREADS
def test_error_of_the_items(loop, n_threads):
    def items():
        yield from range(50)
        raise Failed

    with pytest.raises(Failed):
        loop(int, items(), n_threads=n_threads)
    assert workers() == []


@LOOPS
@THREADS
def test_error_of_progress(loop, n_threads):
    def progress(done):
        raise Failed

    with pytest.raises(Failed):
        loop(int, count(), n_threads=n_threads, progress=progress)
    assert workers() == []


@LOOPS
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("where", ["call", "items", "progress"])
def test_errors_that_are_no_exceptions(loop, error, where):
    def fail(here):
        if where == here:
            raise error

    def items():
        yield from range(50)
        fail("items")
        yield from range(50)

    with pytest.raises(error):
        loop(lambda _: fail("call"), items(), n_threads=2, progress=lambda _: fail("progress"))
    wait_until(lambda: workers() == [])


@pytest.mark.parametrize("loop", [each, mapped, as_they_come])
def test_ctrl_c_while_a_chunk_is_sent(loop):
    """The executor may have it already; then it finds nothing to do."""

    class Interrupted(Manual):
        def submit(self, fn, /, *args, **kwargs):
            future = super().submit(fn, *args, **kwargs)
            if len(self.calls) == 2:
                raise KeyboardInterrupt
            return future

    executor, seen = Interrupted(), []
    with pytest.raises(KeyboardInterrupt):
        loop(seen.append, count(), executor=executor, chunk_size=1)
    for index in range(2):
        executor.run(index)
    assert seen == []


def test_ctrl_c_while_the_loop_ends(monkeypatch):
    """The calls are stopped nevertheless."""
    never = Event()

    def interrupt(_flight, _number):
        raise KeyboardInterrupt

    def items():
        yield 1
        wait_until(workers)
        raise Failed

    monkeypatch.setattr(Flight, "cancel_after", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parallel_for_each(lambda _: never.wait(), items(), n_threads=2)
    wait_until(lambda: workers() == [])


@LOOPS
@THREADS
@pytest.mark.parametrize("where", ["call", "progress", "interrupt"])
def test_generator_is_closed(loop, n_threads, where):
    closed = []

    def items():
        try:
            yield from count()
        finally:
            closed.append(threading.current_thread())

    def progress(_):
        if where == "progress":
            raise Failed
        if where == "interrupt":
            raise KeyboardInterrupt

    fn = fail_at(30 if where == "call" else None)
    drawn = items()
    with pytest.raises((Failed, KeyboardInterrupt)):
        loop(fn, drawn, n_threads=n_threads, progress=progress)
    assert closed == [threading.current_thread()]
    # After Ctrl-C, threads may end a little later.
    wait_until(lambda: workers() == [])


@LOOPS
@THREADS
def test_generator_that_fails_when_it_is_closed(loop, n_threads):
    def items():
        try:
            yield from count()
        finally:
            raise ValueError("at the end")

    drawn = items()
    with pytest.raises(ValueError, match="at the end") as caught:
        loop(fail_at(30), drawn, n_threads=n_threads)
    # The first error is behind it.
    error = caught.value
    while not isinstance(error, Failed):
        error = error.__context__
    assert workers() == []


def test_file_is_not_closed(tmp_path):
    path = tmp_path / "numbers"
    path.write_text("1\nx\n2\n")
    with path.open() as file, pytest.raises(ValueError, match="x"):
        list(parallel_map(int, file, chunk_size=1))
    path.write_text("1\n2\n")
    with path.open() as file:
        assert next(parallel_map(int, file, n_threads=1, chunk_size=1)) == 1
        assert file.read() == "2\n" or not file.closed


def test_results_before_an_error_come_first():
    for n_threads in (1, 3):
        for size in (1, 4, 1000):
            results = parallel_map(fail_at(9), range(100), n_threads=n_threads, chunk_size=size)
            assert list(islice(results, 9)) == list(range(9))
            with pytest.raises(Failed):
                next(results)
            assert list(results) == []


def test_results_before_an_error_of_the_items_come_first():
    def items():
        yield from range(9)
        raise Failed

    for size in (1, 4, 1000):
        results = parallel_map(square, items(), n_threads=3, chunk_size=size)
        assert list(islice(results, 9)) == [n * n for n in range(9)]
        with pytest.raises(Failed):
            next(results)


def test_no_chunk_begins_after_an_error():
    """The worker that has failed stops the others before it could take another chunk."""
    executor = Manual()
    items = Drawn()
    task = Task(mapped, inverse, items, executor=executor, n_threads=1, chunk_size=1)
    wait_until(lambda: len(executor.calls) == 4)
    executor.run(0)
    with pytest.raises(ZeroDivisionError):
        task.result()
    assert [future.cancelled() for future, _, _ in executor.calls] == [False, True, True, True]
    assert items.count == 4


def test_chunks_before_the_error_still_run_if_the_order_counts():
    executor, seen = Manual(), []

    def work(item):
        seen.append(item)
        return 1 / item

    task = Task(mapped, work, [1, 2, 0, 4, 5, 6], executor=executor, n_threads=1, chunk_size=1)
    wait_until(lambda: len(executor.calls) == 4)
    # The last one finds nothing to do, whether it is cancelled before or not.
    for index in (2, 3, 1, 0):
        executor.run(index)
    with pytest.raises(ZeroDivisionError):
        task.result()
    assert seen == [0, 2, 1]
    assert len(executor.calls) == 4


def test_first_error_counts_if_the_order_does():
    executor = Manual()
    task = Task(mapped, lambda n: [][n], range(4), executor=executor, n_threads=1, chunk_size=1)
    wait_until(lambda: len(executor.calls) == 4)
    errors = []
    for index in (2, 1, 0):
        executor.run(index)
        errors.append(executor.calls[index][0].exception().error)
    with pytest.raises(IndexError) as caught:
        task.result()
    assert caught.value is errors[-1]


def test_other_chunk_ends_after_its_item(monkeypatch):
    began, go, seen = threading.Event(), threading.Event(), []
    empty = Flight._empty_after

    def emptied(flight, number):
        empty(flight, number)
        go.set()

    def work(item):
        if item == 100:
            began.set()
            # Until the error of the other chunk is known.
            assert go.wait(LONG)
        elif item == 0:
            assert began.wait(LONG)
            raise Failed
        seen.append(item)

    monkeypatch.setattr(Flight, "_empty_after", emptied)
    with pytest.raises(Failed):
        parallel_for_each(work, range(200), n_threads=2, chunk_size=100)
    assert seen == [100] and workers() == []


def test_waits_in_other_calls_end():
    """A call that waits for what will not come does not hold up the error."""
    queue, ended = ConcurrentQueue(), []

    def work(item):
        if item == 0:
            try:
                queue.pop()
            except Stopped:
                ended.append(item)
                raise
        raise Failed

    with pytest.raises(Failed):
        parallel_for_each(work, [0, 1], n_threads=2, chunk_size=1)
    assert workers() == []
    # Unless the error came before the first call had begun.
    assert ended in ([0], [])


@THREADS
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("how", ["close", "drop", "throw", "break"])
def test_loop_that_is_left(how, ordered, n_threads):
    closed = []

    def items():
        try:
            yield from count()
        finally:
            closed.append(1)

    results = parallel_map(square, items(), n_threads=n_threads, ordered=ordered)
    for _ in islice(results, 100):
        pass
    if how == "close":
        results.close()
    elif how == "throw":
        with pytest.raises(Failed):
            results.throw(Failed)
    else:
        for _ in results:
            break
        del results
        gc.collect()
    assert closed == [1]
    assert workers() == []


def test_loop_that_another_thread_leaves():
    """It has ended when close() returns, although its parts belong to the thread that began it."""
    closed, begun, go = [], threading.Event(), threading.Event()

    def items():
        try:
            yield from count()
        finally:
            closed.append(1)

    def begin():
        results = parallel_map(square, items(), n_threads=2)
        next(results)
        made.append(results)
        del results
        begun.set()
        assert go.wait(LONG)

    made = []
    task = Task(begin)
    assert begun.wait(LONG)
    try:
        made.pop().close()
        assert closed == [1]
        assert workers() == []
    finally:
        go.set()
        task.result()


def test_loop_that_was_never_begun():
    closed = []

    def items():
        try:
            yield 1
        finally:
            closed.append(1)

    results = parallel_map(square, items())
    results.close()
    assert list(results) == [] and closed == []
    assert workers() == []


def test_items_that_ask_for_the_results():
    def items():
        yield 1
        yield next(results)

    results = parallel_map(square, items(), n_threads=2, chunk_size=1)
    assert next(results, 1) == 1
    with pytest.raises(ValueError, match="already executing"):
        next(results)
    assert workers() == []


def test_items_that_close_the_results():
    def items():
        yield 1
        results.close()

    results = parallel_map(square, items(), n_threads=2, chunk_size=1)
    assert next(results) == 1
    with pytest.raises(ValueError, match="already executing"):
        next(results)
    assert workers() == []


def test_executor_that_was_shut_down():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    for loop in (each, mapped, as_they_come, reduced):
        with pytest.raises(RuntimeError, match="shutdown"):
            loop(int, count(), executor=executor)


def test_shutdown_that_cancels():
    executor, go, begun = ThreadPoolExecutor(1), threading.Event(), threading.Event()

    def work(n):
        begun.set()
        assert go.wait(LONG)
        return n

    task = Task(each, work, range(4), executor=executor, chunk_size=1)
    assert begun.wait(LONG)
    wait_until(lambda: executor._work_queue.qsize() == 3)
    executor.shutdown(wait=False, cancel_futures=True)
    go.set()
    with pytest.raises(CancelledError):
        task.result()


def test_executor_is_not_waited_for():
    """The end cancels what has not begun, and leaves the rest to the executor."""
    executor = Manual()
    results = parallel_map(square, range(10), executor=executor, n_threads=1, chunk_size=1)
    task = Task(next, results)
    wait_until(lambda: len(executor.calls) == 4)
    executor.run(0)
    assert task.result() == 0
    running = executor.calls[1][0]
    assert running.set_running_or_notify_cancel()
    results.close()
    assert [future.cancelled() for future, _, _ in executor.calls[2:]] == [True, True]
    running.set_result(None)


def test_error_of_the_items_that_nobody_sees_is_in_no_cycle():
    errors = []

    def noted(error):
        errors.append(weakref.ref(error))
        return error

    def items():
        yield from range(3)
        raise noted(Failed())

    gc.collect()
    gc.disable()
    try:
        for n_threads in (1, 2):
            results = parallel_map(square, items(), n_threads=n_threads, chunk_size=9)
            assert next(results) == 0
            results.close()
            assert errors.pop()() is None
    finally:
        gc.enable()


@LOOPS
def test_exception_is_in_no_cycle(loop):
    def run(n_threads):
        try:
            loop(fail_at(3), range(10), n_threads=n_threads)
        except Failed as error:
            return weakref.ref(error)

    gc.collect()
    gc.disable()
    try:
        for n_threads in (1, 2):
            error = run(n_threads)
            wait_until(lambda error=error: error() is None)
    finally:
        gc.enable()
