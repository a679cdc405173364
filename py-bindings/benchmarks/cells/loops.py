"""Loops that use all cores, beside plain ones. An operation is a call, or an item to sort."""

from collections.abc import Iterator

from benchmarks.cell import OURS, STD, Cell, same

IMPORTS = "from ft_utils import parallel_for_each, parallel_map, parallel_sort\n"
# The function of a loop has an empty loop of so many turns; and how many calls there are.
CALLS = {
    "0.2 us": (10, 100_000),
    "0.7 us": (50, 60_000),
    "8 us": (600, 6_000),
    "80 us": (6_000, 600),
}
WORK = """
def fn(_):
    for _ in turns:
        pass
"""
ITEMS = 1_000_000
SORTED = {
    "random ints": "[int(random() * 1e9) for _ in range(1_000_000)]",
    "random strings": "[str(random()) for _ in range(1_000_000)]",
    "sorted ints": "list(range(1_000_000))",
}


def cells() -> Iterator[Cell]:
    for text, (turns, calls) in CALLS.items():
        setup = f"{IMPORTS}turns = range({turns}){WORK}"
        for name, ours, std in [
            ("for", f"parallel_for_each(fn, range({calls}))", f"for i in range({calls}): fn(i)"),
            ("map", f"list(parallel_map(fn, range({calls})))", f"list(map(fn, range({calls})))"),
        ]:
            yield _cell(f"loop: {name}, calls of {text}", setup, ours, std, calls)
    for text, keys in SORTED.items():
        setup = f"{IMPORTS}from random import random, seed\nseed(7)\nkeys = {keys}\n"
        yield _cell(f"loop: sort, {text}", setup, "parallel_sort(keys)", "sorted(keys)", ITEMS)


def _cell(name: str, setup: str, ours: str, std: str, operations: int) -> Cell:
    each = f"for _ in repeat(None, n // {operations}):\n    "
    ways = same((OURS,), setup, each + ours)
    ways |= same((STD,), setup.removeprefix(IMPORTS), each + std)
    return Cell(name, ways, step=operations, has_threads=True)
