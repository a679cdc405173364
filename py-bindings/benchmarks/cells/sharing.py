"""One object that two threads reach by a local variable, a global, an attribute or a closure."""

from collections.abc import Iterator

from benchmarks.cell import BOTH, OURS, SHARED, STD, Cell, same

# How `run(n)` reaches the object, in an operation that stands for `{}`.
REACHED = {
    "local": "def run(n, x=x):\n    for _ in repeat(None, n):\n        {}",
    "global": "def run(n):\n    for _ in repeat(None, n):\n        {}",
    "attribute": """\
class Holder:
    pass

holder = Holder()
holder.x = x
def run(n, holder=holder):
    for _ in repeat(None, n):
        holder.{}""",
    "closure": """\
def make(x):
    def run(n):
        for _ in repeat(None, n):
            {}
    return run

run = make(x)""",
}


def cells() -> Iterator[Cell]:
    for way, code in REACHED.items():
        tools = "from itertools import repeat\n"
        setup = tools + "from ft_utils.concurrency import AtomicInt64\nx = AtomicInt64(1)\n"
        ways = same(BOTH, setup + code.format("x.get()"), "run(n)")
        yield Cell(f"sharing: int x.get(), {way}", ways, (1, 2))
        setup = (
            tools + "from ft_utils.concurrency import ConcurrentDict\nx = ConcurrentDict({3: 4})\n"
        )
        ways = same((OURS, SHARED), setup + code.format("x[3]"), "run(n)")
        ways |= same((STD,), tools + "x = {3: 4}\n" + code.format("x[3]"), "run(n)")
        yield Cell(f"sharing: dict x[3], {way}", ways, (1, 2))
        setup = tools + "from ft_utils.synchronization import RWLock\nx = RWLock()\n"
        again = "holder." if way == "attribute" else ""
        code = code.format(f"x.lock_read(); {again}x.unlock_read()")
        ways = same(BOTH, setup + code, "run(n)")
        yield Cell(f"sharing: rwlock read, {way}", ways, (1, 2))
