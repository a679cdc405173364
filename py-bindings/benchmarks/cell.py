"""What is measured: statements in a loop, as `timeit` has them, for each library the same."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A way to use a library: the objects themselves, or something that stands for them."""

    name: str
    # Whose process it runs in. Two of the libraries have the same import name.
    library: str
    # What each thread does with the shared object `x` before the clock runs.
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
    # What the clock sees, with `n` operations in it. Several: what the first thread does, the
    # second, the third as the first again.
    loops: tuple[str, ...]
    # What each thread, number `me`, does before, beside what the column says.
    prepare: str = ""


@dataclass(frozen=True)
class Cell:
    """An operation, and how each library does it."""

    name: str
    ways: Mapping[str, Way]
    # On how many threads; one that is for all thread counts has `SCALING`.
    threads: tuple[int, ...] = (1,)
    # Operations go by so many at a time.
    step: int = 1
    # An object is for so many operations of a thread at most.
    most: int = 10**9
    # What the standard library has is not the same: it is shown for scale, and not beaten.
    only_scale: bool = False

    @property
    def kind(self) -> str:
        """What the operation is one of."""
        return self.name.partition(": ")[0]


# Thread counts that show how the cost grows.
SCALING = (1, 2, 4, 8)
# The same for what needs a partner: pairs are counted.
PAIRS = (2, 4, 8)


def loop(statement: str) -> str:
    """The loop that nearly all cells use."""
    return f"for _ in repeat(None, n):\n    {statement}"


def each_key(statement: str) -> str:
    """A loop over some keys, again and again."""
    return f"for key in islice(cycle(keys), n):\n    {statement}"


def same(columns: tuple[str, ...], setup: str, *loops: str, prepare: str = "") -> dict[str, Way]:
    """The columns whose code is the same."""
    way = Way(setup, loops, prepare)
    return dict.fromkeys(columns, way)


# Ours, and the library that ours can replace.
BOTH = (OURS, REFERENCE)
# All that stands for a shared object, too.
ALL = (OURS, HANDLE, WRAPPER, REFERENCE, REFERENCE_WRAPPER)
