"""Timing of the code of a cell, on one thread or on several."""

import gc
import os
import threading
from collections.abc import Callable
from functools import lru_cache
from itertools import cycle, islice, repeat
from textwrap import indent
from time import monotonic, perf_counter_ns
from types import CodeType

from benchmarks.cell import COLUMNS, Cell, Way

# The names that loops use become local variables of their function: a look into the builtins, or
# into globals that threads share, would cost more than many operations.
_TOOLS: dict[str, object] = {
    function.__name__: function for function in (bool, cycle, format, int, islice, len, min, repeat)
}

_TEMPLATE = """\
{kind} run(wait, clock, {names}):
{prepare}
    wait()
    start = clock()
{loop}
    end = clock()
    return start, end
"""

_LONG = 100.0

# The length of a run, for one thread and for several, in seconds. Other work of the machine makes a
# run longer, never shorter; and a run that is shorter than the turn that the system gives to a
# thread is often undisturbed. So the best of many short runs is the cost.
SECONDS_OF_ONE, SECONDS = 0.001, 0.002
# A turn ends when so many runs in a row were no better, or after so many runs or seconds in all.
# Several threads are seldom undisturbed all at once, so they need more runs.
PATIENCE, PATIENCE_OF_SEVERAL, MOST_RUNS, MOST_SECONDS = 12, 8, 300, 20

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

# Threads meet, and begin this many nanoseconds later: the system needs a while to wake them.
_HEAD_START = 100_000


Times = list[tuple[int, int]]
Clock = Callable[[], int]


def once(cell: Cell, column: str, threads: int, n: int, clock: Clock = perf_counter_ns) -> Times:
    """Run a way on a fresh object, `n` operations on each thread; return the start and end times.

    One thread is the one that has made the object, as in a program without threads; several are
    others than that one. Times are in nanoseconds, or what `clock` says, which is for one thread.
    """
    way = cell.ways[column]
    names: dict[str, object] = {"n": n, "threads": threads}
    exec(_compile(way.setup), names)
    names = {name: value for name, value in names.items() if not name.startswith("__")}
    names = _TOOLS | names | {"me": 0}
    codes = [compiled(way, column, loop, tuple(names)) for loop in way.loops]
    if threads == 1:
        return [_run(codes[0], lambda: None, clock, names)]
    return _together([codes[me % len(codes)] for me in range(threads)], names)


def compiled(way: Way, column: str, loop: str, names: tuple[str, ...]) -> CodeType:
    """Return a function with this loop in it, and these local variables."""
    prepare = "\n".join(["pass", COLUMNS[column].prepare, way.prepare])
    source = _TEMPLATE.format(
        kind="async def" if "await " in loop else "def",
        names=", ".join(names),
        prepare=indent(prepare, "    "),
        loop=indent(loop, "    "),
    )
    return _compile(source)


@lru_cache(maxsize=64)
def _compile(source: str) -> CodeType:
    return compile(source, "<benchmark>", "exec")


def _run(
    code: CodeType, wait: Callable[[], object], clock: Clock, names: dict[str, object]
) -> tuple[int, int]:
    # Threads share neither the function nor its globals.
    module: dict[str, Callable[..., object]] = {}
    exec(code, module)
    result = module["run"](wait, clock, **names)
    if not isinstance(result, tuple):
        # A coroutine that never has to wait needs no event loop to run it.
        result = _finish(result)
    start, end = result
    return start, end


def _finish(coroutine: object) -> tuple[int, int]:
    try:
        coroutine.send(None)  # type: ignore[attr-defined]
    except StopIteration as stop:
        start, end = stop.value
        return start, end
    raise RuntimeError("a loop with `await` had to wait")


def _together(codes: list[CodeType], names: dict[str, object]) -> Times:
    begin = 0

    def meet() -> None:
        nonlocal begin
        begin = perf_counter_ns() + _HEAD_START

    barrier = threading.Barrier(len(codes), meet)

    def wait() -> None:
        barrier.wait(_LONG)
        while perf_counter_ns() < begin:
            pass

    times: Times = []
    errors: list[BaseException] = []

    def work(me: int) -> None:
        try:
            _stay_on_core(me)
            times.append(_run(codes[me], wait, perf_counter_ns, names | {"me": me}))
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    workers = [threading.Thread(target=work, args=(me,)) for me in range(len(codes))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]
    return times


def _took(times: Times) -> int:
    """Return the time from the start of the first thread to the end of the last one."""
    return max(end for _, end in times) - min(start for start, _ in times)


def _apart(times: Times) -> int:
    """Return the time between the start of the first thread and that of the last one."""
    starts = [start for start, _ in times]
    return max(starts) - min(starts)


def _stay_on_core(me: int) -> None:
    """Keep this thread from sharing a core with another thread of the run."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[me % len(cores)]})


def operations(cell: Cell, column: str, threads: int) -> int:
    """Return the number of operations of each thread in a run."""
    seconds = SECONDS_OF_ONE if threads == 1 else SECONDS
    n = stepped(cell, 64)
    while True:
        # A thread that begins late, or has to pause, is no reason for a shorter run.
        runs = [once(cell, column, threads, n) for _ in range(3)]
        took = min(end - start for times in runs for start, end in times) / 1e9
        more = stepped(cell, n * 4)
        if took >= seconds / 4 or more == n:
            break
        # The run is too short to tell: the first operations are slow.
        n = more
    return stepped(cell, int(n * seconds / took))


def stepped(cell: Cell, n: int) -> int:
    most = cell.most // cell.step * cell.step
    return min(max(n // cell.step, 1) * cell.step, most)


def turn(cell: Cell, column: str, threads: int, n: int, patience: int) -> float:
    """Return the cost of an operation in nanoseconds: the best of some runs.

    It is the time of the run on all cores that it has, by the operations of all threads. So threads
    that do not hinder each other have the same cost as one, be they more than the cores or not.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        if threads > 1:
            patience *= PATIENCE_OF_SEVERAL
        best = together = float("inf")
        left = patience
        end = monotonic() + MOST_SECONDS
        for _ in range(MOST_RUNS):
            # At least one, on however slow a machine.
            if best < float("inf") and monotonic() > end:
                break
            times = once(cell, column, threads, n)
            took = _took(times)
            best = min(best, took)
            # Threads that ran one after the other have not met.
            if threads <= CORES and _apart(times) > took / 10:
                continue
            left = patience if took < together * 0.99 else left - 1
            together = min(together, took)
            if not left:
                break
        best = together if together < float("inf") else best
    finally:
        gc.enable()
        gc.unfreeze()
    return best * min(threads, CORES) / (n * threads)
