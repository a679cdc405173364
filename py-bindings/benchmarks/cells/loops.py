"""Loops that use all cores, beside plain ones. An operation is a call, or an item to sort."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random

from benchmarks.cell import HYPERTILE, JOBLIB, OURS, PEBBLE, STD, Cell, Way, same
from benchmarks.cells.executors import HYPERTILE_POOL, JOBLIB_POOL, MADE

IMPORTS = "from ft_utils import parallel_for_each, parallel_map, parallel_sort\n"
# The function of a loop has an empty loop of so many turns; and how many calls there are.
CALLS = {
    "0.2 us": (10, 100_000),
    "0.7 us": (50, 60_000),
    "8 us": (600, 6_000),
    "80 us": (6_000, 600),
}
# The other libraries make a job of each call: shorter ones would only show what a job costs, and
# the longest of these loops would take joblib half a minute.
MOST_JOBS = 6_000
WORK = """
def fn(_):
    for _ in turns:
        pass
"""
PEBBLE_POOL = """
from pebble import ThreadPool
x = made(ThreadPool, 2)
"""
HYPERTILE_MAP = """
async def all_of(calls):
    await gather_to_thread(fn, range(calls))
"""
ITEMS = 1_000_000
SORTED: dict[str, Callable[[Random], list[int] | list[str]]] = {
    "random ints": lambda random: [int(random.random() * 1e9) for _ in range(ITEMS)],
    "random strings": lambda random: [str(random.random()) for _ in range(ITEMS)],
    "sorted ints": lambda random: list(range(ITEMS)),
}


@lru_cache(maxsize=1)
def items(kind: str) -> list[int] | list[str]:
    """Return the items to sort. Making them takes as long as sorting them."""
    return SORTED[kind](Random(7))


def cells() -> Iterator[Cell]:
    for text, (turns, calls) in CALLS.items():
        setup = f"turns = range({turns}){WORK}"
        ours, std = f"parallel_for_each(fn, range({calls}))", f"for i in range({calls}): fn(i)"
        yield _cell(f"loop: for, calls of {text}", setup, ours, std, calls)
        ours, std = f"list(parallel_map(fn, range({calls})))", f"list(map(fn, range({calls})))"
        others = _others(setup, calls) if calls <= MOST_JOBS else {}
        yield _cell(f"loop: map, calls of {text}", setup, ours, std, calls, others)
    for text in SORTED:
        setup = f"from benchmarks.cells.loops import items\nkeys = items({text!r})\n"
        yield _cell(f"loop: sort, {text}", setup, "parallel_sort(keys)", "sorted(keys)", ITEMS)


def _cell(
    name: str,
    setup: str,
    ours: str,
    std: str,
    operations: int,
    others: dict[str, Way] | None = None,
) -> Cell:
    ways = same((OURS,), IMPORTS + setup, _each(ours, operations))
    ways |= same((STD,), setup, _each(std, operations))
    return Cell(name, ways | (others or {}), step=operations, has_threads=True)


def _others(setup: str, calls: int) -> dict[str, Way]:
    """Return the same loop with pools of two threads."""
    loops = {
        JOBLIB: (JOBLIB_POOL, f"x(delayed(fn)(i) for i in range({calls}))"),
        HYPERTILE: (HYPERTILE_POOL + HYPERTILE_MAP, f"x.run(all_of({calls}))"),
        PEBBLE: (PEBBLE_POOL, f"list(x.map(fn, range({calls})).result())"),
    }
    ways: dict[str, Way] = {}
    for column, (pool, statement) in loops.items():
        ways |= same((column,), MADE + pool + setup, _each(statement, calls))
    return ways


def _each(statement: str, operations: int) -> str:
    return f"for _ in repeat(None, n // {operations}):\n    {statement}"
