"""WorkStealingExecutor: what a job costs. An operation is a job.

joblib is measured with its threads, and only where a call is a whole loop: it has no submit(). With
one worker it makes the calls in place. hypertile has one pool for the process, whose size is fixed
once, so that it is only measured with two workers; its jobs are awaited in an event loop.
"""

import atexit
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from typing import Any

from benchmarks.cell import HYPERTILE, JOBLIB, OURS, PEBBLE, STD, Cell, Way, loop, same

# A function of the setups, and its argument. The work is an amount of computation, and not of time:
# a thread that has lost its core must not seem to work.
JOBS = {
    "empty": ("abs", "0"),
    "10 us": ("work", "1_400"),
    "100 us": ("work", "11_500"),
}
WORK = """
def work(turns):
    for _ in range(turns):
        pass
"""
# How many jobs are under way before the first result is asked for.
MANY = 100

MADE = "from benchmarks.cells.executors import made\n"
IMPORTS = {
    OURS: "from ft_utils import WorkStealingExecutor as Executor\n",
    STD: "from concurrent.futures import ThreadPoolExecutor as Executor\n",
    PEBBLE: "from pebble import ThreadPool as Executor\n",
}
BURST = f"""
def burst(fn, item):
    for future in [x.submit(fn, item) for _ in range({MANY})]:
        future.result()
"""
MAP = f"""
def burst(fn, item):
    list(x.map(fn, [item] * {MANY}))
"""
PEBBLE_MAP = f"""
def burst(fn, item):
    list(x.map(fn, [item] * {MANY}).result())
"""
FIBONACCI = """
def fibonacci(m):
    if m < 2:
        return m
    jobs = [x.submit(fibonacci, m - 1), x.submit(fibonacci, m - 2)]
    return jobs[0].result() + jobs[1].result()
"""
# So many calls has fibonacci(12).
CALLS = 465

JOBLIB_POOL = """
from joblib import Parallel, delayed
x = made(Parallel, n_jobs=2, backend="threading")
"""
JOBLIB_MAP = f"""
def burst(fn, item):
    x(delayed(fn)(item) for _ in range({MANY}))
"""
# A loop in a loop has threads of its own, and a loop in that one makes its calls in place.
JOBLIB_FIBONACCI = """
from joblib import Parallel, delayed
def fibonacci(m):
    if m < 2:
        return m
    nested = Parallel(n_jobs=2, prefer="threads")
    return sum(nested(delayed(fibonacci)(less) for less in (m - 1, m - 2)))
"""

HYPERTILE_POOL = """
from asyncio import Runner
from hypertile import configure, gather_to_thread, to_thread, worker_count
if worker_count() is None:
    configure(2)
x = made(Runner)
"""
HYPERTILE_ONE = """
async def one_by_one(n):
    for _ in range(n):
        await to_thread(int)
"""
HYPERTILE_BURST = f"""
async def bursts(n, fn, item):
    for _ in range(n):
        for job in [to_thread(fn, item) for _ in range({MANY})]:
            await job
"""
HYPERTILE_MAP = f"""
async def bursts(n, fn, item):
    for _ in range(n):
        await gather_to_thread(fn, [item] * {MANY})
"""

_stack = ExitStack()


@cache
def made(kind: Callable[..., AbstractContextManager[Any]], *args: Any, **kwargs: Any) -> Any:
    """Return an executor that stays, as a program keeps one: no cell is about starting threads."""
    return _stack.enter_context(kind(*args, **kwargs))


@atexit.register
def end() -> None:
    """End all executors."""
    made.cache_clear()
    _stack.close()


def cells() -> Iterator[Cell]:
    for workers in (1, 2):
        where = f"with {workers} worker{'s' if workers > 1 else ''}"
        pools = {
            column: f"{MADE}{text}x = made(Executor, {workers})\n{WORK}"
            for column, text in IMPORTS.items()
        }
        ways: dict[str, Way] = {}
        for column, pool in pools.items():
            ways |= same((column,), pool, loop("x.submit(int).result()"))
        if workers == 2:
            setup = MADE + HYPERTILE_POOL + HYPERTILE_ONE
            ways |= same((HYPERTILE,), setup, "x.run(one_by_one(n))")
        yield Cell(f"executor: submit and result, {where}", ways, has_threads=True)
        for text, job in JOBS.items():
            yield _many(f"executor: {MANY} jobs, {text}, {where}", workers, pools, job)
        for text, job in JOBS.items():
            yield _map(f"executor: map of {MANY} calls, {text}, {where}", workers, pools, job)
        yield _nested(f"executor: nested Fibonacci, {where}", workers, pools)


def _many(name: str, workers: int, pools: dict[str, str], job: tuple[str, str]) -> Cell:
    """Submit each job on its own."""
    ways: dict[str, Way] = {}
    for column, pool in pools.items():
        ways |= same((column,), pool + BURST, _bursts(job))
    if workers == 2:
        setup = MADE + HYPERTILE_POOL + WORK + HYPERTILE_BURST
        ways |= same((HYPERTILE,), setup, _awaited(job))
    return Cell(name, ways, step=MANY, has_threads=True)


def _map(name: str, workers: int, pools: dict[str, str], job: tuple[str, str]) -> Cell:
    """Let the library submit them all in one call."""
    ways: dict[str, Way] = {}
    for column, pool in pools.items():
        ways |= same((column,), pool + (PEBBLE_MAP if column == PEBBLE else MAP), _bursts(job))
    if workers == 2:
        ways |= same((JOBLIB,), MADE + JOBLIB_POOL + WORK + JOBLIB_MAP, _bursts(job))
        setup = MADE + HYPERTILE_POOL + WORK + HYPERTILE_MAP
        ways |= same((HYPERTILE,), setup, _awaited(job))
    return Cell(name, ways, step=MANY, has_threads=True)


def _nested(name: str, workers: int, pools: dict[str, str]) -> Cell:
    """Let jobs wait for jobs.

    In a ThreadPoolExecutor and in pebble's pool they would wait for ever. A job of hypertile is no
    coroutine, and so cannot await another one.
    """
    each = f"for _ in repeat(None, n // {CALLS}):\n    "
    submit = each + "x.submit(fibonacci, 12).result()"
    ways = same((OURS,), pools[OURS] + FIBONACCI, submit)
    if workers == 2:
        ways |= same((JOBLIB,), JOBLIB_FIBONACCI, each + "fibonacci(12)")
    return Cell(name, ways, step=CALLS, has_threads=True)


def _bursts(job: tuple[str, str]) -> str:
    return f"for _ in repeat(None, n // {MANY}):\n    burst({', '.join(job)})"


def _awaited(job: tuple[str, str]) -> str:
    return f"x.run(bursts(n // {MANY}, {', '.join(job)}))"
