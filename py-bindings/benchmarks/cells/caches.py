"""ConcurrentCache and cached(): hits. The values are small integers, and live for ever."""

from collections.abc import Iterator

from benchmarks.cell import HANDLE, OURS, SHARED, STD, Cell, each_key, loop, same
from benchmarks.cells.dicts import FILL, KEYS, TURNED

OF_OURS = "from ft_utils import cached\nx = cached(2048)(lambda key, other=0: 5)\n"
OF_STD = "from functools import lru_cache\nx = lru_cache(2048)(lambda key, other=0: 5)\n"

# What is called, and how: `x` is the function.
CALLS = {
    "cached: x(key)": each_key("x(key)"),
    "cached: x(7), a hot key": loop("x(7)"),
    "cached: x(key, 7)": each_key("x(key, 7)"),
}


def cells() -> Iterator[Cell]:
    called = "for key in keys:\n    x(key), x(key, 7)\nx(7)"
    for name, code in CALLS.items():
        ways = same((OURS,), KEYS + OF_OURS + called, code, prepare=TURNED)
        ways |= same((STD,), KEYS + OF_STD + called, code, prepare=TURNED)
        yield Cell(name, ways, (1, 2))
    columns = (OURS, HANDLE, SHARED)
    for name, arguments, statement in [
        ("x[key]", "2048", "x[key]"),
        ("x[key], with a ttl", "2048, ttl=1000", "x[key]"),
        ("x.get_or_compute(key, compute)", "2048", "x.get_or_compute(key, compute)"),
    ]:
        made = f"from ft_utils import ConcurrentCache\nx = ConcurrentCache({arguments})\n"
        setup = KEYS + made + "compute = len\n"
        ways = same(columns, setup + FILL, each_key(statement), prepare=TURNED)
        yield Cell(f"cache: {name}", ways, (1, 2))
