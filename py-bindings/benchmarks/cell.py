"""The measured code: statements in a loop, as in `timeit`, the same for each library."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A way to use a library: its objects themselves, or stand-ins for them."""

    name: str
    # The library, which has a process of its own: two libraries have the same import name.
    library: str
    # The code that each thread runs with the shared object `x` before the clock starts.
    prepare: str = ""


_WRAPPER = "from ft_utils.local import LocalWrapper\nx = LocalWrapper(x)"

COLUMNS = {
    column.name: column
    for column in (
        Column("ours", "ours"),
        Column("ours, handle", "ours", "x = x.handle()"),
        Column("ours, wrapper", "ours", _WRAPPER),
        Column("ours, shared", "ours", "from ft_utils import share\nshare(x)"),
        Column("reference", "reference"),
        Column("reference, wrapper", "reference", _WRAPPER),
        Column("cereggii", "cereggii"),
        Column("cereggii, handle", "cereggii", "x = x.get_handle()"),
        Column("pysync", "pysync"),
        Column("aiologic", "aiologic"),
        Column("culsans", "culsans"),
        Column("joblib", "joblib"),
        Column("hypertile", "hypertile"),
        Column("pebble", "pebble"),
        Column("std", "std"),
    )
}

OURS, HANDLE, WRAPPER = "ours", "ours, handle", "ours, wrapper"
SHARED = "ours, shared"
REFERENCE, REFERENCE_WRAPPER = "reference", "reference, wrapper"
CEREGGII, CEREGGII_HANDLE, STD = "cereggii", "cereggii, handle", "std"
PYSYNC, AIOLOGIC, CULSANS = "pysync", "aiologic", "culsans"
JOBLIB, HYPERTILE, PEBBLE = "joblib", "hypertile", "pebble"

LIBRARIES = tuple(dict.fromkeys(column.library for column in COLUMNS.values()))


@dataclass(frozen=True)
class Way:
    """The code with which a library does the operation of a cell."""

    # Makes the object `x` that threads share, and other objects of the loop. It may use `n`, the
    # number of operations of each thread, and `threads`.
    setup: str
    # The measured code, with `n` operations in it. If there are several, the first is for the
    # first thread, the second for the second, then the first again.
    loops: tuple[str, ...]
    # The code that each thread, number `me`, runs before, in addition to that of the column.
    prepare: str = ""


@dataclass(frozen=True)
class Cell:
    """An operation, and how each library does it."""

    name: str
    ways: Mapping[str, Way]
    # The numbers of threads; `SCALING` for a cell that is measured on all of them.
    threads: tuple[int, ...] = (1,)
    # Operations come in groups of this size.
    step: int = 1
    # The most operations of a thread that one object allows.
    most: int = 10**9
    # Whether the class of the standard library differs: then it is shown for scale only.
    only_scale: bool = False
    # Whether threads of the object do some of the work, so that its instructions cannot be counted.
    has_threads: bool = False

    @property
    def kind(self) -> str:
        """The kind of object that the operation belongs to."""
        return self.name.partition(": ")[0]


# Thread counts that show how the cost grows.
SCALING = (1, 2, 4, 8)
# The same for operations that need a partner: these count pairs.
PAIRS = (2, 4, 8)


def loop(statement: str) -> str:
    """Return the loop that nearly all cells use."""
    return f"for _ in repeat(None, n):\n    {statement}"


def each_key(statement: str) -> str:
    """Return a loop that repeats some keys."""
    return f"for key in islice(cycle(keys), n):\n    {statement}"


def same(columns: tuple[str, ...], setup: str, *loops: str, prepare: str = "") -> dict[str, Way]:
    """Return ways for columns that have the same code."""
    way = Way(setup, loops, prepare)
    return dict.fromkeys(columns, way)


# The columns of this library, and of the library that it can replace.
BOTH = (OURS, REFERENCE)
# The same, with the stand-ins for a shared object.
ALL = (OURS, HANDLE, WRAPPER, REFERENCE, REFERENCE_WRAPPER)
