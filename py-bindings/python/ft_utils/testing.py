"""Help for testing code that threads share, on builds with and without the GIL."""

import faulthandler
import math
import os
import random
import re
import sys
import sysconfig
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, TypeVar, overload

from ft_utils.concurrency import AtomicInt64

__all__ = ["run_concurrently", "run_trials"]

_T = TypeVar("_T")

# How often a thread looks whether the others are awake, before it goes on without them: for some
# 0.1 ms if each has a core, else for less, because it may hold the core that another one needs.
_LOOKS = 2000
_LOOKS_ON_SHARED_CORES = 100
# How long a wait may delay Ctrl-C, on systems where Ctrl-C does not interrupt a wait.
_SLICE = 0.1
# The shortest possible switch interval, and Python's default.
_SHORTEST, _USUAL = 1e-6, 5e-3


@overload
def run_concurrently(
    fn: Callable[[], _T],
    threads: int = 8,
    iterations: int = 1,
    *,
    pass_index: Literal[False] = False,
    switch_interval: float | None = 1e-6,
    timeout: float | None = 60.0,
) -> list[_T]: ...
@overload
def run_concurrently(
    fn: Callable[[int], _T],
    threads: int = 8,
    iterations: int = 1,
    *,
    pass_index: Literal[True],
    switch_interval: float | None = 1e-6,
    timeout: float | None = 60.0,
) -> list[_T]: ...
def run_concurrently(
    fn: Callable[..., _T],
    threads: int = 8,
    iterations: int = 1,
    *,
    pass_index: bool = False,
    switch_interval: float | None = 1e-6,
    timeout: float | None = 60.0,
) -> list[_T]:
    """Call a function in several threads at once, in one or more iterations; return the results.

        >>> from ft_utils import AtomicInt64
        >>> count = AtomicInt64()
        >>> sorted(run_concurrently(count.incr, threads=4))
        [1, 2, 3, 4]
        >>> run_concurrently(lambda index: index * index, threads=4, pass_index=True)
        [0, 1, 4, 9]

    Each of `threads` threads calls `fn` `iterations` times: without an argument, or, if
    `pass_index` is true, with the number of the thread, counted from 0. All threads wait for each
    other before each iteration, so that its calls start together: short calls meet more often in
    many iterations than in long loops. The results are in the order of the iterations, and within
    an iteration in the order of the threads.

    `switch_interval` is the time in seconds that a thread may keep the GIL while others want it.
    The default is the shortest possible time, so that builds with the GIL, too, show faults between
    two steps. The interval applies to the whole process until the last call of this function ends;
    then the interval from before the first one is restored. With None, the interval stays as it is.

    If calls raise exceptions, the other calls of that iteration are finished, no further iteration
    is started, and an `ExceptionGroup` with all the exceptions is raised (a `BaseExceptionGroup` if
    one of them is no `Exception`). Each exception has a note with its thread and iteration.

    If the calls are not done after `timeout` seconds, `TimeoutError` is raised. Its notes show
    where the hanging threads are; its cause is the group of the exceptions so far, if there are
    any. The hanging threads are daemons, so they do not keep the process from ending. With None,
    the wait has no limit. Ctrl-C ends the wait at once, and leaves the threads running, too.

    Raises `ValueError` if a number is out of range, and `RuntimeError` if a thread cannot be
    started; no call is made then. Issues a `RuntimeWarning` if the GIL of a free-threaded Python is
    on, because threads take turns then.
    """
    _look_at_numbers(threads, "iterations", iterations, timeout)
    if switch_interval is not None and not 0 < switch_interval < math.inf:
        raise ValueError(f"switch_interval must be None or positive, not {switch_interval}")
    _look_at_gil()
    run = Run(fn, threads, iterations, pass_index)
    with _switch_intervals.at_most(switch_interval):
        run.finish(math.inf if timeout is None else timeout)
    if run.failures:
        raise run.group()
    return [result for results in run.results for result in results]


def run_trials(
    setup: Callable[[], _T],
    fn: Callable[[_T], object],
    check: Callable[[_T], object],
    threads: int = 8,
    trials: int = 100,
    *,
    seed: int | None = None,
    timeout: float | None = 60.0,
) -> None:
    """Test many times, with a new object each time, that calls in threads leave it correct.

        >>> from ft_utils import AtomicInt64
        >>> def both_counted(count):
        ...     assert count == 2
        >>> run_trials(AtomicInt64, AtomicInt64.incr, both_counted, threads=2, trials=10)

    Each of `trials` trials calls `setup()` once; each of `threads` threads then calls `fn(state)`
    with the object that `setup()` returned, all at once. When all of these calls are done, the
    trial calls `check(state)`, which must raise an exception or return False if the state is wrong.
    `setup` and `check` run in one of the threads.

    On builds with a GIL, each trial has a random switch interval between the shortest and the usual
    one, because nobody knows in advance which interval brings a fault out. `seed` determines these
    intervals; without it, each call draws a new seed. The exception names the seed and the trial.
    The same seed gives the same intervals, but the threads may meet differently.

    The first trial that fails ends the call with an `ExceptionGroup`, like that of
    `run_concurrently`. `timeout` is for all trials together. Otherwise the timeout, the errors and
    the warning are those of `run_concurrently`.
    """
    _look_at_numbers(threads, "trials", trials, timeout)
    _look_at_gil()
    if seed is None:
        seed = random.randrange(2**32)
    run = Trials(setup, fn, check, threads, trials, random.Random(seed))
    try:
        with _switch_intervals.at_most(_USUAL):
            run.finish(math.inf if timeout is None else timeout)
    except TimeoutError as error:
        error.add_note(f"The seed was {seed}.")
        raise
    if run.failures:
        group = run.group()
        group.add_note(f"The seed was {seed}.")
        raise group


def _look_at_numbers(threads: int, name: str, times: int, timeout: float | None) -> None:
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    if times < 1:
        raise ValueError(f"{name} must be at least 1, not {times}")
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"timeout must be None or at least 0 seconds, not {timeout}")


def _look_at_gil() -> None:
    if sysconfig.get_config_var("Py_GIL_DISABLED") and sys._is_gil_enabled():  # type: ignore[attr-defined,unused-ignore]
        message = (
            "the GIL is on, so threads take turns, and less goes wrong than without it; "
            "`python -m ft_utils doctor` tells which module has brought it back"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=3)


class Failure(NamedTuple):
    """An exception of a call, and its place: a thread, or the time between two iterations."""

    iteration: int
    thread: int
    exception: BaseException
    place: str


class Run:
    """The threads of one call of `run_concurrently`, their results and their exceptions."""

    #: The word for one round of calls.
    unit = "iteration"

    def __init__(
        self, fn: Callable[..., Any], threads: int, iterations: int, pass_index: bool
    ) -> None:
        self._fn = fn
        self._pass_index = pass_index
        self._iterations = iterations
        #: The results of the calls: a list for each iteration.
        self.results: list[list[Any]] = [[None] * threads for _ in range(iterations)]
        #: The exceptions of the calls, in the order in which they were raised.
        self.failures: list[Failure] = []
        self._stopped = False
        #: How many times a thread has woken up to start its iteration.
        self._awake = AtomicInt64()
        has_cores = threads <= (os.cpu_count() or 1)
        self._looks = _LOOKS if has_cores else _LOOKS_ON_SHARED_CORES
        # The last thread to arrive decides, so that all threads go on, or none.
        self._start = threading.Barrier(threads, self._prepare)
        self._threads = [
            threading.Thread(
                target=self._work, args=(index,), name=f"run_concurrently-{index}", daemon=True
            )
            for index in range(threads)
        ]

    def _prepare(self) -> None:
        """Get ready for the next iteration, while all threads wait."""
        self._stopped = bool(self.failures)

    def _call(self, index: int) -> Any:
        return self._fn(index) if self._pass_index else self._fn()

    def _work(self, index: int) -> None:
        for iteration in range(self._iterations):
            try:
                self._start.wait()
            except threading.BrokenBarrierError:
                return  # The run was given up.
            if self._stopped:
                return
            self._wait_until_awake((iteration + 1) * len(self._threads))
            try:
                self.results[iteration][index] = self._call(index)
            except BaseException as exception:
                place = f"thread {index}, {self.unit} {iteration}"
                self.failures.append(Failure(iteration, index, exception, place))

    def _wait_until_awake(self, all_of_them: int) -> None:
        """Give the other threads time to wake up, which takes longer than many a tested call."""
        if self._awake.incr() < all_of_them:
            for _ in range(self._looks):
                if self._awake.get() >= all_of_them:
                    return

    def finish(self, timeout: float) -> None:
        """Start the threads, and wait for them."""
        due = time.monotonic() + timeout
        try:
            self._start_all()
            if hanging := self._join(due):
                raise self._timed_out(hanging, timeout)
        except BaseException:
            # Threads at the barrier need not wait for the others any longer.
            self._start.abort()
            raise

    def _start_all(self) -> None:
        started = []
        try:
            for thread in self._threads:
                thread.start()
                started.append(thread)
        except BaseException:
            # No thread has passed the barrier, because one is missing there.
            self._start.abort()
            for thread in started:
                thread.join()
            raise

    def _join(self, due: float) -> list[threading.Thread]:
        """Wait for the threads, and return those that are not done in time."""
        for thread in self._threads:
            while thread.is_alive() and (left := due - time.monotonic()) > 0:
                thread.join(min(left, _SLICE))
        return [thread for thread in self._threads if thread.is_alive()]

    def _timed_out(self, hanging: list[threading.Thread], timeout: float) -> TimeoutError:
        names = ", ".join(thread.name for thread in hanging)
        error = TimeoutError(f"not done after {timeout:g} s: {names}")
        for stack in _stacks(hanging):
            error.add_note(stack)
        if self.failures:
            error.__cause__ = self.group()
        return error

    def group(self) -> BaseExceptionGroup[BaseException]:
        """Return the exceptions, each with a note, and forget them."""
        # Otherwise the group would refer to itself, through the traceback and this object.
        failures, self.failures = sorted(self.failures, key=lambda failure: failure[:2]), []
        for failure in failures:
            failure.exception.add_note(f"In {failure.place}.")
        # Several threads may have raised the same object, which then has a note for each.
        exceptions = {id(failure.exception): failure.exception for failure in failures}
        message = self._message(failures)
        return BaseExceptionGroup(message, list(exceptions.values()))

    def _message(self, failures: list[Failure]) -> str:
        message = f"{len(failures)} of {len(self._threads)} threads raised"
        return f"{message} in iteration {failures[0].iteration}"


class Trials(Run):
    """The threads of one call of `run_trials`."""

    unit = "trial"

    def __init__(
        self,
        setup: Callable[[], Any],
        fn: Callable[[Any], object],
        check: Callable[[Any], object],
        threads: int,
        trials: int,
        draw: random.Random,
    ) -> None:
        # One iteration more, without calls: the last state is checked before it.
        super().__init__(fn, threads, trials + 1, False)
        self._setup = setup
        self._check = check
        self._trials = trials
        self._draw = draw
        self._done = 0
        self._state: Any = None

    def _prepare(self) -> None:
        trial = self._done
        if trial and not self.failures:
            self._try("check", trial - 1, self._look)
        self._state = None
        if not self.failures and trial < self._trials:
            self._try("setup", trial, self._begin)
        self._done += 1
        self._stopped = bool(self.failures) or trial == self._trials

    def _begin(self) -> None:
        interval = math.exp(self._draw.uniform(math.log(_SHORTEST), math.log(_USUAL)))
        sys.setswitchinterval(interval)
        self._state = self._setup()

    def _look(self) -> None:
        if self._check(self._state) is False:
            raise AssertionError(f"check returned False for {self._state!r}")

    def _try(self, name: str, trial: int, function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as exception:
            self.failures.append(Failure(trial, -1, exception, f"{name} of trial {trial}"))

    def _call(self, index: int) -> None:
        self._fn(self._state)

    def _message(self, failures: list[Failure]) -> str:
        return f"trial {failures[0].iteration} of {self._trials} failed"


def _stacks(threads: list[threading.Thread]) -> Iterator[str]:
    """Yield the stacks of threads, even while they run."""
    # Not sys._current_frames(): without the GIL, threads change the frames during the reading.
    with tempfile.TemporaryFile() as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        text = file.read().decode(errors="replace")
    names = {thread.ident: thread.name for thread in threads}
    for block in re.split(r"\n\n+", text.strip()):
        match = re.match(r"Thread 0x([0-9a-f]+).*", block)
        if match and int(match[1], 16) in names:
            name = names[int(match[1], 16)]
            yield block.replace(match[0], f"Thread {name} (most recent call first):", 1)


class _SwitchIntervals:
    """The switch interval of the process, which overlapping calls share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: list[float] = []
        self._before = 0.0

    @contextmanager
    def at_most(self, seconds: float | None) -> Iterator[None]:
        """Set the shortest interval that any call wants; restore the first one at the end."""
        if seconds is None:
            yield
            return
        with self._lock:
            if not self._wanted:
                self._before = sys.getswitchinterval()
            self._wanted.append(seconds)
            sys.setswitchinterval(min(self._wanted))
        try:
            yield
        finally:
            with self._lock:
                self._wanted.remove(seconds)
                sys.setswitchinterval(min(self._wanted, default=self._before))


_switch_intervals = _SwitchIntervals()
