"""map_ordered(): what is cancelled and released at the end."""

import gc
import weakref
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from ft_utils.concurrency import AtomicInt64, map_ordered
from helpers.objects import Thing
from helpers.threads import Task, wait_until

from .shared import Immediate, Manual, square


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


def test_interrupt_of_a_thread_that_has_just_got_its_turn():
    """The next reader gets its turn nevertheless."""

    class Turn:
        """The lock, while Ctrl-C comes right behind a call that takes it."""

        def __init__(self, lock):
            self._is_owned, self.release, self._lock = lock._is_owned, lock.release, lock

        def acquire(self, **kwargs):
            assert self._lock.acquire(**kwargs)
            raise KeyboardInterrupt

    results = map_ordered(Immediate(), square, range(3))
    turn, results._turn = results._turn, Turn(results._turn)
    with pytest.raises(KeyboardInterrupt):
        next(results)
    results._turn = turn
    assert Task(list, results).result() == [0, 1, 4]


def test_call_that_reads_while_its_thread_waits():
    """A worker that waits for a result may run it. It is refused, and the turn is not given up."""

    class Helping(Future):
        def result(self, timeout=None):
            with pytest.raises(RuntimeError, match="while its thread waits"):
                next(results)
            assert results._turn._is_owned()
            return super().result(timeout)

    class Submitted(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Helping()
            future.set_result(fn(*args))
            return future

    results = map_ordered(Submitted(), square, range(3))
    assert list(results) == [0, 1, 4]


def test_results_are_released_as_they_are_read():
    alive = AtomicInt64()

    def make(_):
        alive.incr()
        return Thing(alive.decr)

    # In this thread: one that dies in another than it was made in may take its time.
    for thing in map_ordered(Immediate(), make, range(100), 5):
        # The call that was waited for, and the calls in the window.
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
def test_failure_that_nobody_reads_is_in_no_cycle():
    """Dropped results are closed at once."""

    def items():
        yield from range(2)
        raise LookupError

    executor = Manual()
    gc.collect()
    gc.disable()
    try:
        results = map_ordered(executor, square, items())
        del results
        assert [future.cancelled() for future, _, _ in executor.calls] == [True, True]
    finally:
        gc.enable()


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
