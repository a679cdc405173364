"""Loops in several threads: Ctrl-C, groups that stop, and the end of the interpreter."""

import threading
from itertools import count

import pytest
from ft_utils import (
    ConcurrentQueue,
    Empty,
    Event,
    Stopped,
    ThreadGroup,
    parallel_for_each,
    parallel_map,
    parallel_reduce,
    parallel_sort,
)
from helpers.limits import LONG
from helpers.marks import WITH_SIGNALS
from helpers.programs import run_python
from helpers.signals import ctrl_c_when_asleep
from helpers.threads import Task, wait_until

from .shared import Immediate, Manual, workers

pytestmark = pytest.mark.thread_unsafe(reason="raises signals")

CALLS = pytest.mark.parametrize(
    "call",
    [
        lambda fn, **kwargs: parallel_for_each(fn, count(), **kwargs),
        lambda fn, **kwargs: next(parallel_map(fn, count(), **kwargs)),
        lambda fn, **kwargs: next(parallel_map(fn, count(), ordered=False, **kwargs)),
        lambda fn, **kwargs: parallel_reduce(lambda one, two: fn(two), count(), **kwargs),
    ],
    ids=["for_each", "map", "as they come", "reduce"],
)


def interrupted(call, begun=lambda: True):
    """Strike Ctrl-C when the main thread sleeps in a call that has begun."""
    with pytest.raises(KeyboardInterrupt), ctrl_c_when_asleep(begun):
        call()


@WITH_SIGNALS
@CALLS
def test_ctrl_c_while_calls_wait_for_us(call):
    """Their waits end, so that no thread is left."""
    never = Event()
    interrupted(lambda: call(lambda _: never.wait(), n_threads=3))
    wait_until(lambda: workers() == [])


@WITH_SIGNALS
@CALLS
def test_ctrl_c_while_calls_wait_for_others(call):
    """It does not wait for them, and when they end, so do their threads."""
    go, begun = threading.Event(), threading.Event()
    try:
        interrupted(lambda: call(lambda _: (begun.set(), go.wait()), n_threads=3), begun.is_set)
        assert workers()
    finally:
        go.set()
    wait_until(lambda: workers() == [])


@WITH_SIGNALS
@CALLS
def test_ctrl_c_with_an_executor(call):
    executor = Manual()
    interrupted(lambda: call(int, n_threads=1, executor=executor))
    assert all(future.cancelled() for future, _, _ in executor.calls)


@WITH_SIGNALS
def test_ctrl_c_in_a_nested_loop():
    never = Event()

    def outer(_):
        return list(parallel_map(lambda _: never.wait(), range(5), n_threads=2))

    interrupted(lambda: parallel_for_each(outer, count(), n_threads=2))
    wait_until(lambda: workers() == [])


@WITH_SIGNALS
def test_ctrl_c_while_an_error_waits_for_a_call():
    """The end of a loop that has failed waits for calls; Ctrl-C ends that wait."""
    go, begun, failed = (threading.Event() for _ in range(3))

    def work(item):
        if item == 0:
            begun.set()
            go.wait()
        else:
            assert begun.wait(LONG)
            failed.set()
            raise LookupError

    try:
        interrupted(
            lambda: parallel_for_each(work, [0, 1], n_threads=2, chunk_size=1), failed.is_set
        )
    finally:
        go.set()
    wait_until(lambda: workers() == [])


@WITH_SIGNALS
def test_ctrl_c_in_a_sort():
    interrupted(lambda: parallel_sort(range(70_000), executor=Manual()))


@CALLS
@pytest.mark.parametrize("n_threads", [2, 3])
def test_group_that_stops(call, n_threads):
    never, ends = Event(), []

    def loop():
        try:
            call(lambda _: never.wait(), n_threads=n_threads)
        except Stopped:
            ends.append("stopped")
            raise

    with ThreadGroup() as group:
        group.start(loop)
        wait_until(lambda: len(workers()) == n_threads)
        group.stop()
    assert ends == ["stopped"]
    assert workers() == []


def test_group_that_stops_a_wait_for_an_executor():
    executor = Manual()
    with ThreadGroup() as group:
        group.start(parallel_for_each, int, count(), executor=executor)
        wait_until(lambda: len(executor.calls) >= 4)
        group.stop()
    assert all(future.cancelled() for future, _, _ in executor.calls)


def test_call_that_uses_a_group():
    def work(n):
        with ThreadGroup() as group:
            group.start(pow, n, 2)
        return group.results()[0]

    assert list(parallel_map(work, range(9), n_threads=2)) == [n * n for n in range(9)]


def test_wait_of_the_reader_is_not_ended_later():
    """The thread belongs to no group when the loop has ended."""
    with pytest.raises(ZeroDivisionError):
        parallel_for_each(lambda n: 1 / n, [0], n_threads=1)
    queue = ConcurrentQueue()
    with pytest.raises(Empty):
        queue.pop(timeout=0.001)
    with pytest.raises(ZeroDivisionError):
        parallel_for_each(lambda n: 1 / n, [0], executor=Immediate())


def test_threads_can_wait_for_a_loop():
    task = Task(parallel_for_each, lambda n: Event().wait(0.001), range(50))
    assert task.result() is None


def test_interpreter_that_ends_in_a_loop():
    out = run_python(
        """
from ft_utils import parallel_map
results = parallel_map(lambda n: n, iter(int, 1), n_threads=2)
print(next(results))
"""
    )
    assert out == "0\n"
