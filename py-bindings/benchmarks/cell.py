"""The cells that are measured: statements in a loop, as in `timeit`, the same for each library."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A way to use a library: the objects themselves, or something that stands for them."""

    name: str
    # The library whose process it runs in. Two of the libraries have the same import name.
    library: str
    # Code that each thread runs with the shared object `x` before the clock starts.
    prepare: str = ""


_WRAPPER = "from ft_utils.local import LocalWrapper\nx = LocalWrapper(x)"

COLUMNS = {
    column.name: column
    for column in (
        Column("ours", "ours"),
        Column("ours, handle", "ours", "x = x.handle()"),
        Column("ours, wrapper", "ours", _WRAPPER),
        Column("reference", "reference"),
        Column("reference, wrapper", "reference", _WRAPPER),
        Column("cereggii", "cereggii"),
        Column("cereggii, handle", "cereggii", "x = x.get_handle()"),
        Column("pysync", "pysync"),
        Column("aiologic", "aiologic"),
        Column("culsans", "culsans"),
        Column("std", "std"),
    )
}

OURS, HANDLE, WRAPPER = "ours", "ours, handle", "ours, wrapper"
REFERENCE, REFERENCE_WRAPPER = "reference", "reference, wrapper"
CEREGGII, CEREGGII_HANDLE, STD = "cereggii", "cereggii, handle", "std"
PYSYNC, AIOLOGIC, CULSANS = "pysync", "aiologic", "culsans"

LIBRARIES = tuple(dict.fromkeys(column.library for column in COLUMNS.values()))


@dataclass(frozen=True)
class Way:
    """How a library does what a cell measures."""

    # Makes the object `x` that threads share, and whatever else the loop uses. It may use `n`, the
    # number of operations of each thread, and `threads`.
    setup: str
    # The code that is timed, with `n` operations in it. If there are several, threads use them in
    # turn: the first thread the first one, and so on, and then from the start again.
    loops: tuple[str, ...]
    # Code that each thread, number `me`, runs before the clock starts, after that of the column.
    prepare: str = ""


@dataclass(frozen=True)
class Cell:
    """An operation, and how each library does it."""

    name: str
    ways: Mapping[str, Way]
    # The numbers of threads that it runs on; `SCALING` has all of them.
    threads: tuple[int, ...] = (1,)
    # The number of operations is a multiple of this.
    step: int = 1
    # The largest number of operations per thread that an object is made for.
    most: int = 10**9
    # Whether the standard library has nothing comparable; its figure is then shown for scale only.
    only_scale: bool = False

    @property
    def kind(self) -> str:
        """The kind of object that the operation belongs to."""
        return self.name.partition(": ")[0]


# Thread counts that show how the cost grows.
SCALING = (1, 2, 4, 8)
# The same for operations that need a partner thread; these are counted in pairs.
PAIRS = (2, 4, 8)


def loop(statement: str) -> str:
    """Return the loop that nearly all cells use."""
    return f"for _ in repeat(None, n):\n    {statement}"


def each_key(statement: str) -> str:
    """Return a loop that goes over some keys again and again."""
    return f"for key in islice(cycle(keys), n):\n    {statement}"


def same(columns: tuple[str, ...], setup: str, *loops: str, prepare: str = "") -> dict[str, Way]:
    """Return the ways of several columns that have the same code."""
    way = Way(setup, loops, prepare)
    return dict.fromkeys(columns, way)


# This library, and the one that it can replace.
BOTH = (OURS, REFERENCE)
# The same, and all handles and wrappers of their objects.
ALL = (OURS, HANDLE, WRAPPER, REFERENCE, REFERENCE_WRAPPER)
