"""The goals, and whether they are reached."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import geometric_mean

from benchmarks.cell import (
    CEREGGII,
    CEREGGII_HANDLE,
    CULSANS,
    HANDLE,
    HYPERTILE,
    JOBLIB,
    OURS,
    PEBBLE,
    PYSYNC,
    REFERENCE,
    SHARED,
    STD,
)
from benchmarks.cells import CELLS
from benchmarks.cells.caches import CALLS
from benchmarks.cells.queues import BATCH, BOUND
from benchmarks.cells.sharing import REACHED
from benchmarks.run import Figures, Key, ratio


@dataclass(frozen=True)
class Goal:
    """A bound for the cost of one thing, relative to the cost of another."""

    row: str
    what: str
    # A column of this library, and columns of which the best counts; for several such pairs, the
    # geometric mean counts.
    pairs: tuple[tuple[Key, tuple[Key, ...]], ...]
    # The smallest factor by which this library has to be faster.
    faster: float | None = None
    # The largest allowed cost of this library, as a multiple of the cost of the other.
    cost: float | None = None

    def measured(self, figures: Figures) -> float | None:
        """Return the ratio in the unit of the bound; None if something was not measured."""
        found = [ratio(figures, others, (ours,)) for ours, others in self.pairs]
        medians = [each[0] for each in found if each is not None]
        if len(medians) < len(self.pairs):
            return None
        mean = geometric_mean(medians)
        return 1 / mean if self.cost is not None else mean

    def missed(self, measured: float) -> float:
        """Return the relative distance: 0.25 is a quarter of the bound, 0 or less is reached."""
        if self.cost is not None:
            return measured / self.cost - 1
        return 1 - measured / (self.faster or 0)

    def target(self) -> str:
        if self.cost is not None:
            return f"at most {self.cost:g} of"
        return f"at least {self.faster:g} times faster than"


def goals() -> Iterator[Goal]:
    yield from _atomics()
    yield from _dicts()
    yield from _caches()
    yield from _queues()
    yield from _executors()
    yield from _others()
    yield from _handles()
    yield from _sharing()


def _beside(
    row: str,
    cells: Iterable[str],
    ours: str,
    others: tuple[str, ...],
    *,
    faster: float | None = None,
    cost: float | None = None,
    threads: int = 1,
) -> Iterator[Goal]:
    """Compare this library with others, in the same cells on the same number of threads."""
    for cell in cells:
        what = f"{_named(cell, ours, threads)}, beside {' or '.join(others)}"
        yield Goal(row, what, (_pair(cell, ours, others, threads),), faster, cost)


def _pair(
    cell: str, ours: str, others: tuple[str, ...], threads: int = 1
) -> tuple[Key, tuple[Key, ...]]:
    return Key(cell, ours, threads), tuple(Key(cell, other, threads) for other in others)


def _on_the_whole(row: str, cells: list[str], other: str, faster: float, threads: int = 1) -> Goal:
    pairs = tuple(_pair(cell, OURS, (other,), threads) for cell in cells)
    return Goal(row, f"geometric mean of these, beside {other}", pairs, faster)


def _named(cell: str, column: str, threads: int) -> str:
    name = cell if column == OURS else f"{cell} ({column.removeprefix('ours, ')})"
    return name if threads == 1 else f"{name}, {threads} threads"


def _starting(prefix: str) -> list[str]:
    return [name for name in CELLS if name.startswith(prefix)]


def _growth(row: str, cell: str, column: str = HANDLE, cost: float = 1.2) -> Goal:
    """Compare two threads with one."""
    pair = (Key(cell, column, 2), (Key(cell, column, 1),))
    return Goal(row, f"{_named(cell, column, 2)}, beside one", (pair,), cost=cost)


def _atomics() -> Iterator[Goal]:
    cells = _starting("int: ") + _starting("reference: ")
    for threads in (1, 2):
        row = f"atomic int, reference: each operation, {('one thread', 'two threads')[threads - 1]}"
        here = [cell for cell in cells if threads in CELLS[cell].threads]
        yield _on_the_whole(row, here, REFERENCE, 1, threads)
        yield from _beside(row, here, OURS, (REFERENCE,), faster=1, threads=threads)
    yield from _beside("flag", _starting("flag: "), OURS, (REFERENCE, CEREGGII), faster=3)


def _dicts() -> Iterator[Goal]:
    row = "dictionary, one thread"
    cells = [cell for cell in _starting("dict: ") if "setdefault" not in cell]
    yield _on_the_whole(row, cells, REFERENCE, 1.1)
    insert = "dict: insert"
    same = [cell for cell in cells if cell != insert]
    yield from _beside(row, same, OURS, (REFERENCE,), faster=1)
    yield from _beside(row, [insert], OURS, (REFERENCE,), faster=1.2)
    yield from _beside(row, cells, OURS, (STD,), cost=1.3)
    row = "large dictionary, and all of a dictionary at once"
    cells = _starting("large dict, ") + _starting("dict, whole: ")
    both = [
        cell for cell in cells if not cell.endswith(("keys()", "values()", "items()", "copy()"))
    ]
    yield from _beside(row, both, OURS, (REFERENCE,), faster=1)
    yield from _beside(row, _starting("large dict, "), OURS, (STD,), cost=1.5)
    row = "dictionary with handles"
    for threads in (1, 2):
        yield from _beside(
            row,
            _starting("shared dict: "),
            HANDLE,
            (CEREGGII_HANDLE,),
            faster=1,
            threads=threads,
        )
    for cell in ("get", "hot get", "x.get(key)"):
        yield _growth(row, f"shared dict: {cell}")
    row = "bulk counting into the dictionary"
    at_once, each = "count: all words at once", "count: a call for each word"
    pair = (Key(at_once, OURS), (Key(each, OURS),))
    yield Goal(row, "all at once, beside a call each", (pair,), 10)
    yield from _beside(row, [at_once], OURS, (CEREGGII, CEREGGII_HANDLE), faster=1)


def _caches() -> Iterator[Goal]:
    row = "cached functions, hits"
    for threads in (1, 2):
        yield from _beside(row, CALLS, OURS, (STD,), faster=1, threads=threads)
    for cell in CALLS:
        yield _growth(row, cell, OURS)
    for cell in _starting("cache: "):
        yield _growth("a shared cache, hits", cell, SHARED)


def _queues() -> Iterator[Goal]:
    row, cell = "queue push and pop, one thread", "queue: push and pop"
    yield from _beside(row, [cell], OURS, (REFERENCE,), faster=15)
    yield from _beside(row, [cell], OURS, (STD,), cost=1.1)
    row, cell = "queue, producers and consumers", "queue: half push, half pop"
    for threads in (2, 4):
        yield from _beside(row, [cell], OURS, (REFERENCE,), faster=8, threads=threads)
        yield from _beside(row, [cell], OURS, (STD,), faster=1, threads=threads)
        batches = f"{cell}, {BATCH} at a time"
        pair = (Key(batches, OURS, threads), (Key(cell, STD, threads),))
        yield Goal(row, f"{_named(batches, OURS, threads)}, beside std one at a time", (pair,), 5)
    row = "std queue"
    yield from _beside(row, ["std queue: put and get"], OURS, (STD,), faster=15)
    yield from _beside(row, ["std queue: half put, half get"], OURS, (STD,), faster=15, threads=2)
    row, cell = "queues, threads that wait for each other", "queue: half push, half pop"
    yield from _beside(row, ["queue: there and back"], OURS, (STD,), faster=1.2, threads=2)
    yield from _beside(row, ["std queue: there and back"], OURS, (STD,), faster=10, threads=2)
    for threads in (2, 4):
        bounded = [f"queue: half push, half pop, room for {BOUND}"]
        yield from _beside(row, bounded, OURS, (STD,), faster=10, threads=threads)
        yield from _beside(row, [cell], OURS, (STD,), faster=1.2, threads=threads)
    row = "gathering iterator"
    cell = "gathering: insert all, read all"
    yield from _beside(row, [cell], OURS, (REFERENCE,), faster=15)
    cell = "gathering: one inserts, one reads"
    yield from _beside(row, [cell], OURS, (REFERENCE,), faster=15, threads=2)


def _executors() -> Iterator[Goal]:
    row = "executor, beside those of the standard library and of others"
    yield from _beside(row, _starting("executor: submit and result"), OURS, (STD,), faster=5)
    for cell in _starting("executor: 100 jobs") + _starting("executor: map"):
        ways = CELLS[cell].ways
        others = tuple(way for way in (STD, JOBLIB, HYPERTILE, PEBBLE) if way in ways)
        yield from _beside(row, [cell], OURS, others, faster=1)
    row = "executor, two workers"
    for jobs in ("10 us", "100 us"):
        cell = f"executor: 100 jobs, {jobs}, with"
        pair = (Key(f"{cell} 2 workers", OURS), (Key(f"{cell} 1 worker", OURS),))
        yield Goal(row, f"100 jobs, {jobs}, beside one worker", (pair,), 1.8)
    row = "parallel sort of a million"
    yield from _beside(row, _starting("loop: sort, random"), OURS, (STD,), faster=1.5)


def _others() -> Iterator[Goal]:
    row = "RW lock, interval lock"
    cells = _starting("rwlock: ") + _starting("interval lock: ")
    yield from _beside(row, cells, OURS, (REFERENCE,), faster=1.3)
    for cell in ("rwlock: read", "rwlock: write", "interval lock: lock and unlock"):
        yield from _beside(row, [cell], OURS, (REFERENCE,), faster=1, threads=2)
    yield _growth(row, "rwlock: read", OURS)
    for cell in ("rwlock: one write in a hundred", "rwlock: one write in ten"):
        for threads in (1, 2):
            others = (REFERENCE, CEREGGII, PYSYNC, CULSANS)
            yield from _beside(row, [cell], OURS, others, faster=1, threads=threads)
    row, cell = "batch executor", "batch executor: load"
    yield from _beside(row, [cell], OURS, (REFERENCE,), faster=1)
    yield _growth(row, cell)
    row = "LocalWrapper"
    cells = ["wrapper: method call", "wrapper: Python method call"]
    yield from _beside(row, cells, OURS, (REFERENCE,), faster=6)
    yield from _beside(row, ["wrapper: attribute", "wrapper: item"], OURS, (REFERENCE,), faster=1.2)


def _handles() -> Iterator[Goal]:
    row = "a shared object through its handle, two threads"
    for cell in ("int: x.get()", "flag: bool(x)", "reference: x.get() of None"):
        yield _growth(row, cell)
    for cell in _starting("look: "):
        yield _growth(row, cell)
    yield _growth(row, "int: x.incr()", cost=1.6)


def _sharing() -> Iterator[Goal]:
    row = "one object on two threads, without handles"
    for way in REACHED:
        yield _growth(row, f"sharing: int x.get(), {way}", OURS, 1.1)
        yield _growth(row, f"sharing: dict x[3], {way}", SHARED, 1.1)
        yield _growth(row, f"sharing: rwlock read, {way}", OURS)
    # The interpreter does not count what a local variable holds, whatever it is.
    cells = [f"sharing: dict x[3], {way}" for way in REACHED if way != "local"]
    yield from _beside(row, cells, SHARED, (STD,), faster=3, threads=2)
