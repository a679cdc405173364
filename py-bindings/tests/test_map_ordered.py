"""map_ordered: results in the order of the items, from any executor."""

import copy
import gc
import gzip
import inspect
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from fractions import Fraction
from itertools import chain, count, islice
from pathlib import Path

import pytest
from ft_utils import ConcurrentQueue
from ft_utils.concurrency import AtomicInt64, map_ordered
from support import ASLEEP, LONG, Task, Thing, run_python, run_threads, wait_until


def square(n):
    return n * n


def inverse(n):
    return 1 / n


def die(n):
    if n == 3:
        os._exit(1)
    return n


class Manual(Executor):
    """Does what it is told, when it is told."""

    def __init__(self):
        self.calls = []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.calls.append((future, fn, args))
        return future

    def run(self, index):
        future, fn, args = self.calls[index]
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(fn(*args))
            except BaseException as error:
                future.set_exception(error)


class Immediate(Executor):
    """Runs each call in submit."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Drawn:
    """Counts what was drawn from it; without an end."""

    def __init__(self):
        self.count = 0

    def __iter__(self):
        while True:
            self.count += 1
            yield self.count - 1


# Arguments


def test_signature():
    parameters = inspect.signature(map_ordered).parameters
    assert list(parameters) == ["executor", "fn", "items", "more", "window", "timeout"]
    assert inspect.getdoc(map_ordered)
    results = map_ordered(executor=Immediate(), fn=square, items=[1, 2], window=AtomicInt64(1))
    assert list(results) == [1, 4]
    assert list(map_ordered(Immediate(), square, "", 1)) == []


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((Immediate(), square, [1], 0), ValueError),
        ((Immediate(), square, [1], -1), ValueError),
        ((Immediate(), square, [1], 1.5), TypeError),
        ((Immediate(), square, [1], None), TypeError),
        ((Immediate(), square, [1], [1], 3), TypeError),
        ((Immediate(), square, 5), TypeError),
        ((Immediate(), None, [1]), TypeError),
        ((None, square, [1]), AttributeError),
    ],
)
def test_bad_arguments_are_refused_at_the_call(args, error):
    with pytest.raises(error):
        map_ordered(*args)


@pytest.mark.parametrize("timeout", [-1, -math.inf, math.nan, "1", [], 10**400])
def test_bad_timeouts_are_refused_at_the_call(timeout):
    items = Drawn()
    with pytest.raises((ValueError, TypeError, OverflowError)):
        map_ordered(Immediate(), square, items, timeout=timeout)


def test_window_is_started_by_the_call():
    items, executor = Drawn(), Manual()
    results = map_ordered(executor, square, items, 3)
    assert (items.count, len(executor.calls)) == (3, 3)
    results.close()
    assert list(results) == []
    assert [future.cancelled() for future, _, _ in executor.calls] == [True] * 3
    assert items.count == 3


def test_results_after_the_executor_was_shut_down():
    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, square, range(3))
    assert list(results) == [0, 1, 4]


def test_is_an_iterator_and_no_generator():
    results = map_ordered(Immediate(), square, [1])
    assert iter(results) is results
    assert isinstance(results, Iterator)
    assert not isinstance(results, Generator)
    assert [inspect.getdoc(getattr(results, name)) for name in ("close", "__next__")]
    for call in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError):
            call(results)


# Several iterables


def test_several_iterables():
    def join(*args):
        return args

    letters = iter("abc")
    results = map_ordered(Immediate(), join, range(5), letters, count(7), window=2)
    assert list(results) == [(0, "a", 7), (1, "b", 8), (2, "c", 9)]
    assert list(results) == []


def test_shortest_ends_the_others():
    first, executor = Drawn(), Manual()
    results = map_ordered(executor, max, first, [5, 6], window=9)
    executor.run(0)
    executor.run(1)
    assert list(results) == [5, 6]
    # As zip() has it: the first was asked once more before the second had ended, and not again.
    assert next(results, None) is None
    assert first.count == 3


def test_second_iterable_that_fails():
    def fails():
        yield 1
        raise LookupError

    results = map_ordered(Immediate(), max, count(), fails())
    assert next(results) == 1
    with pytest.raises(LookupError):
        next(results)


# Timeouts


def test_timeout_counts_from_the_call():
    executor = Manual()
    results = map_ordered(executor, square, range(3), 2, timeout=0)
    executor.run(0)
    # Nothing to wait for.
    assert next(results) == 0
    with pytest.raises(TimeoutError):
        next(results)
    assert [future.cancelled() for future, _, _ in executor.calls] == [False, True, True]
    assert list(results) == []


@pytest.mark.parametrize("timeout", [0, 0.0, True, LONG, math.inf, 1e300, None, Fraction(100)])
def test_timeout_that_does_not_pass(timeout):
    results = map_ordered(Immediate(), square, range(5), 2, timeout=timeout)
    assert list(results) == [0, 1, 4, 9, 16]


def test_timeout_of_a_thread_that_waits_for_its_turn():
    executor = Manual()
    results = map_ordered(executor, square, range(3), timeout=0.05)
    tasks = [Task(next, results, "end") for _ in range(3)]
    ends = []
    for task in tasks:
        try:
            ends.append(task.result())
        except TimeoutError:
            ends.append("timeout")
    # One finds that the time is over, which ends it for those who come later.
    assert "timeout" in ends
    assert set(ends) <= {"timeout", "end"}


# Threads


@pytest.mark.parametrize("window", [1, 3, 100])
def test_threads_share_the_results(window):
    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, square, range(300), window)
        parts = run_threads(4, lambda index: list(results))
    # Each result once, and in order wherever it goes.
    assert all(part == sorted(part) for part in parts)
    assert sorted(chain(*parts)) == [n * n for n in range(300)]


def test_threads_share_a_window():
    items, executor = Drawn(), Manual()
    results = map_ordered(executor, square, items, 2)
    tasks = [Task(next, results).until_asleep() for _ in range(3)]
    assert items.count == 2
    for index in range(3):
        wait_until(lambda index=index: len(executor.calls) > index)
        executor.run(index)
    assert sorted(task.result() for task in tasks) == [0, 1, 4]
    results.close()


def test_items_are_drawn_by_one_thread_at_a_time():
    def items():
        # A generator that two threads are in at once raises a ValueError.
        yield from range(500)

    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, square, items(), 2)
        parts = run_threads(4, lambda index: list(results))
    assert sorted(chain(*parts)) == [n * n for n in range(500)]


def test_failure_ends_it_for_all_threads():
    def work(index):
        try:
            return list(results)
        except ZeroDivisionError:
            return "failed"

    with ThreadPoolExecutor(2) as executor:
        results = map_ordered(executor, inverse, [1, 2, 0, 4], 2)
        assert run_threads(3, work).count("failed") == 1
    assert list(results) == []


def test_close_while_another_thread_waits():
    executor = Manual()
    results = map_ordered(executor, square, range(5), 2)
    task = Task(next, results).until_asleep()
    results.close()
    executor.run(0)
    assert task.result() == 0
    assert list(results) == []
    assert executor.calls[1][0].cancelled()


def test_close_while_another_thread_draws():
    drawing, go = threading.Event(), threading.Event()

    def items():
        yield 0
        drawing.set()
        go.wait(LONG)
        yield 1

    executor = Manual()
    results = map_ordered(executor, square, items(), 1)
    executor.run(0)
    assert next(results) == 0
    task = Task(next, results, "end")
    assert drawing.wait(LONG)
    results.close()
    go.set()
    assert task.result() == "end"
    assert executor.calls[1][0].cancelled()


def test_items_that_ask_for_the_results():
    def items():
        yield 1
        yield next(results)

    results = map_ordered(Immediate(), square, items(), 1)
    assert next(results) == 1
    with pytest.raises(RuntimeError, match="ask for its results"):
        next(results)
    assert list(results) == []


# Order and bound


def test_order_is_that_of_the_items():
    executor = Manual()
    task = Task(list, map_ordered(executor, square, range(5), 5))
    wait_until(lambda: len(executor.calls) == 5)
    for index in (4, 2, 0, 3, 1):
        executor.run(index)
    assert task.result() == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("window", [1, 2, 7])
def test_window_is_never_exceeded(window):
    items, executor = Drawn(), Manual()
    results = map_ordered(executor, square, items, window)
    for n in range(20):
        # All that is under way, save the first, is done but cannot be read yet.
        task = Task(next, results)
        wait_until(lambda n=n: len(executor.calls) == n + window)
        for index in range(n + window - 1, n - 1, -1):
            if not executor.calls[index][0].done():
                executor.run(index)
        assert task.result() == n * n
        assert items.count == n + window
    results.close()


def test_infinite_items():
    with ThreadPoolExecutor(3) as executor:
        results = map_ordered(executor, square, count())
        assert list(islice(results, 500)) == [n * n for n in range(500)]
        results.close()


def test_default_window():
    items = Drawn()
    results = map_ordered(Immediate(), square, items)
    next(results)
    assert items.count == 64
    results.close()


# Failure


def test_exception_comes_in_its_place():
    results = map_ordered(Immediate(), inverse, iter([1, 2, 0, 4]), 10)
    assert [next(results), next(results)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_exception_cancels_the_rest():
    executor = Manual()
    results = map_ordered(executor, inverse, [0, 1, 2], 3)
    task = Task(next, results)
    wait_until(lambda: len(executor.calls) == 3)
    executor.run(0)
    with pytest.raises(ZeroDivisionError):
        task.result()
    assert [future.cancelled() for future, _, _ in executor.calls] == [False, True, True]


def test_items_that_fail():
    def items():
        yield 1
        yield 2
        raise LookupError("x")

    for window in (1, 2, 3, 10):
        with ThreadPoolExecutor(2) as executor:
            results = map_ordered(executor, square, items(), window)
            assert [next(results), next(results)] == [1, 4]
            with pytest.raises(LookupError, match="x"):
                next(results)
            assert list(results) == []


def test_items_are_not_asked_again():
    class Items:
        asked = 0

        def __iter__(self):
            return self

        def __next__(self):
            self.asked += 1
            raise LookupError if self.asked == 1 else AssertionError

    items = Items()
    with pytest.raises(LookupError):
        next(map_ordered(Immediate(), square, items))
    assert items.asked == 1


def test_interrupt_of_items_ends_at_once():
    def items():
        yield 1
        raise KeyboardInterrupt

    executor = Manual()
    with pytest.raises(KeyboardInterrupt):
        next(map_ordered(executor, square, items()))
    assert executor.calls[0][0].cancelled()


def test_executor_that_was_shut_down():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        next(map_ordered(executor, square, [1]))


def test_shutdown_on_the_way():
    # What was submitted is done; then comes the refusal of the next.
    executor = ThreadPoolExecutor(1)
    results = map_ordered(executor, square, count(), 3)
    assert next(results) == 0
    executor.shutdown()
    assert [next(results), next(results)] == [1, 4]
    with pytest.raises(RuntimeError, match="shutdown"):
        next(results)


def test_shutdown_that_cancels():
    executor, go = ThreadPoolExecutor(1), threading.Event()

    def work(n):
        go.wait(LONG)
        return n

    results = map_ordered(executor, work, count(), 5)
    task = Task(list, results)
    wait_until(lambda: executor._work_queue.qsize() == 4)
    executor.shutdown(wait=False, cancel_futures=True)
    go.set()
    with pytest.raises(CancelledError):
        task.result()


# The end


@pytest.mark.parametrize("how", ["close", "drop"])
def test_early_end_cancels_and_releases(how):
    executor = Manual()
    results = map_ordered(executor, lambda n: Thing(), range(10), 4)
    task = Task(next, results)
    wait_until(lambda: len(executor.calls) == 4)
    executor.run(1)
    thing = weakref.ref(executor.calls[1][0].result())
    executor.run(0)
    task.result()
    running = executor.calls[2][0]
    assert running.set_running_or_notify_cancel()
    if how == "close":
        results.close()
    del results, task
    assert not running.cancelled()
    assert executor.calls[3][0].cancelled()
    executor.calls.clear()
    gc.collect()
    assert thing() is None


def test_interrupted_wait_cancels_what_it_waits_for():
    class Interrupted(Future):
        def result(self, timeout=None):
            raise KeyboardInterrupt

    futures = [Interrupted(), Future()]

    class Submitted(Executor):
        def submit(self, fn, /, *args, **kwargs):
            return futures[args[0]]

    with pytest.raises(KeyboardInterrupt):
        next(map_ordered(Submitted(), square, range(2), 2))
    assert [future.cancelled() for future in futures] == [True, True]


def test_results_are_released_as_they_are_read():
    alive = AtomicInt64()

    def make(_):
        alive.incr()
        return Thing(alive.decr)

    # In this thread: one that dies in another than it was made in may take its time.
    for thing in map_ordered(Immediate(), make, range(100), 5):
        # That one, and those in the window.
        assert alive <= 5
        del thing
    assert alive == 0


def test_items_are_released_once_they_are_submitted():
    things = [Thing(), Thing()]
    alive = [weakref.ref(thing) for thing in things]

    def draw():
        while things:
            yield things.pop(0)

    # In this thread: one that dies in another than it was made in may take its time.
    results = map_ordered(Immediate(), lambda _: None, draw(), 1)
    for thing in alive:
        next(results)
        assert thing() is None


@pytest.mark.thread_unsafe(reason="stops the collector")
def test_exception_is_in_no_cycle():
    class Failure(Exception):
        pass

    def fail(_):
        raise Failure

    def run():
        with ThreadPoolExecutor(1) as executor:
            try:
                next(map_ordered(executor, fail, [1, 2], 2))
            except Failure as error:
                return weakref.ref(error)

    gc.collect()
    gc.disable()
    try:
        assert run()() is None
    finally:
        gc.enable()


# Executors


@pytest.mark.parametrize("window", [1, 3, 64])
def test_threads(window):
    def slow_first(n):
        time.sleep(0.002 * (n % 3 == 0))
        return n

    with ThreadPoolExecutor(4) as executor:
        assert list(map_ordered(executor, slow_first, range(100), window)) == list(range(100))


def test_many_maps_on_one_executor():
    with ThreadPoolExecutor(3) as executor:

        def work(index):
            return list(map_ordered(executor, lambda n: (index, n), range(200), 4))

        assert run_threads(4, work) == [[(i, n) for n in range(200)] for i in range(4)]


def test_live_items():
    source = ConcurrentQueue()
    with ThreadPoolExecutor(2) as executor:
        task = Task(lambda: list(map_ordered(executor, square, source, 4)))
        source.push_many(range(50))
        source.shutdown()
        assert task.result() == [n * n for n in range(50)]


def spawned(workers):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.thread_unsafe(reason="starts processes")
def test_processes():
    with spawned(2) as executor:
        assert list(map_ordered(executor, square, range(50), 4)) == [n * n for n in range(50)]
        results = map_ordered(executor, inverse, [1, 0, 1], 4)
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)
        with pytest.raises(Exception, match=r"[Pp]ickle|local"):
            list(map_ordered(executor, lambda n: n, [1]))


@pytest.mark.thread_unsafe(reason="starts processes")
def test_process_that_dies():
    with spawned(1) as executor:
        results = map_ordered(executor, die, count(), 2)
        # Those before may go down with it.
        with pytest.raises(BrokenProcessPool):
            for _ in range(4):
                next(results)
        assert list(results) == []
        with pytest.raises(BrokenProcessPool):
            next(map_ordered(executor, die, [1]))


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
def test_interrupt_ends_a_wait():
    out = run_python(
        f"""
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from ft_utils import map_ordered
{ASLEEP}
go = threading.Event()
executor = ThreadPoolExecutor(1)
results = map_ordered(executor, lambda _: go.wait(), [1, 2])
def interrupt():
    until_asleep(threading.main_thread().native_id)
    os.kill(os.getpid(), signal.SIGINT)
try:
    threading.Thread(target=interrupt, daemon=True).start()
    next(results)
except KeyboardInterrupt:
    print("interrupted", list(results))
go.set()
executor.shutdown()
"""
    )
    assert out == "interrupted []\n"


EXAMPLE = Path(__file__).parent.parent / "examples" / "compress_in_order.py"


@pytest.mark.thread_unsafe(reason="starts a process")
@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_example(executor, tmp_path):
    plain, packed = tmp_path / "plain", tmp_path / "packed.gz"
    plain.write_bytes(bytes(range(256)) * 5000)
    subprocess.run(
        [sys.executable, str(EXAMPLE), str(plain), "--output", str(packed)]
        + ["--executor", executor, "--workers", "2"],
        timeout=2 * LONG,
        check=True,
    )
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


# A cluster

CLUSTER = """
import sys
from distributed import Client, LocalCluster
from ft_utils import map_ordered

def square(n):
    return n * n

def inverse(n):
    return 1 / n

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes={processes}, dashboard_address=":0"
    ) as cluster, Client(cluster) as client:
        with client.get_executor() as executor:
            print(list(map_ordered(executor, square, range(30), 4)) == [n * n for n in range(30)])
            results = map_ordered(executor, inverse, [1, 0, 2], 4)
            print(next(results))
            try:
                next(results)
            except ZeroDivisionError:
                print("in its place")
            # Without an end, and left early.
            results = map_ordered(executor, square, iter(int, 1), 4)
            print(next(results))
            results.close()
            results = map_ordered(executor, square, iter(int, 1), 4)
            print(next(results))
        try:
            print(list(results))
        except Exception as error:
            print("after shutdown:", type(error).__name__)
"""


@pytest.mark.thread_unsafe(reason="starts processes")
@pytest.mark.parametrize("processes", [False, True])
def test_dask_cluster(processes, tmp_path):
    """The same on workers of a cluster, which could be on other machines."""
    pytest.importorskip("distributed", reason="needs the package distributed, of Dask")
    program = tmp_path / "program.py"
    program.write_text(CLUSTER.replace("{processes}", str(processes)))
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[:5] == ["True", "1.0", "in its place", "0", "0"], done
    assert lines[5].startswith("after shutdown: "), done
    assert done.returncode == 0, done
