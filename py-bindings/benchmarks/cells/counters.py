"""StripedCounter, ConcurrentCounter and ConcurrentSet, which the reference does not have."""

from collections.abc import Iterator

from benchmarks.cell import (
    CEREGGII,
    CEREGGII_HANDLE,
    HANDLE,
    OURS,
    PYSYNC,
    REFERENCE,
    SCALING,
    SHARED,
    STD,
    Cell,
    each_key,
    loop,
    same,
)
from benchmarks.cells.atomics import INT, INT_CEREGGII, INT_PYSYNC
from benchmarks.cells.dicts import KEYS, OF_BOTH, OF_CEREGGII, TURNED

LOCK = "from threading import Lock\nlock = Lock()\n"
COUNTER = "from ft_utils.concurrency import ConcurrentCounter\nx = ConcurrentCounter()"
SET = "from ft_utils.concurrency import ConcurrentSet\nx = ConcurrentSet()"
# What the reference has instead of a set.
KEYS_OF_DICT = "x.setdefault(key, None)"


def cells() -> Iterator[Cell]:
    setup = "from ft_utils.concurrency import StripedCounter\nx = StripedCounter()"
    ways = same((OURS, HANDLE), setup, loop("x.add(1)"))
    ways |= same((REFERENCE,), INT, loop("x.incr()"))
    ways |= same((CEREGGII, CEREGGII_HANDLE), INT_CEREGGII, loop("x.increment_and_get()"))
    ways |= same((PYSYNC,), INT_PYSYNC, loop("x.increment()"))
    ways |= same((STD,), LOCK + "x = [0]", loop("with lock:\n        x[0] += 1"))
    yield Cell("striped counter: x.add(1)", ways, SCALING)
    yield from _counter()
    yield from _set()


def _counter() -> Iterator[Cell]:
    counter = LOCK + "from collections import Counter\nx = Counter()"
    locked = "with lock:\n        x[key] += 1"
    ways = same((OURS, HANDLE, SHARED), KEYS + COUNTER, each_key("x.add(key)"), prepare=TURNED)
    ways |= same((STD,), KEYS + counter, each_key(locked), prepare=TURNED)
    yield Cell("counter: x.add(key)", ways, SCALING)
    many = "for _ in repeat(None, n // 1024):\n    "
    ways = same((OURS, HANDLE, SHARED), KEYS + COUNTER, many + "x.add_many(keys)", prepare=TURNED)
    code = many + "x.reduce_count(keys)"
    ways |= same((CEREGGII, CEREGGII_HANDLE), KEYS + OF_CEREGGII, code, prepare=TURNED)
    code = many + "with lock:\n        x.update(keys)"
    ways |= same((STD,), KEYS + counter, code, prepare=TURNED)
    yield Cell("counter: x.add_many(keys)", ways, SCALING, step=1024)


def _set() -> Iterator[Cell]:
    # Each key is added again and again, and is in the set after the first round.
    for name, ours, of_dict in [
        ("x.add(key)", "x.add(key)", KEYS_OF_DICT),
        ("key in x", "key in x", "key in x"),
    ]:
        columns = (OURS, HANDLE, SHARED)
        ways = same(columns, f"{KEYS}{SET}\nx |= set(keys)", each_key(ours), prepare=TURNED)
        setup = f"{KEYS}{OF_BOTH}for key in keys:\n    x[key] = None"
        ways |= same((REFERENCE,), setup, each_key(of_dict), prepare=TURNED)
        ways |= same((STD,), f"{KEYS}x = set(keys)", each_key(ours), prepare=TURNED)
        yield Cell(f"set: {name}", ways, SCALING)
    # An operation is one element.
    both = each_key("x.add(key); x.discard(key)")
    ways = same((OURS, HANDLE, SHARED), KEYS + SET, both, prepare=TURNED)
    ways |= same((STD,), f"{KEYS}x = set()", both, prepare=TURNED)
    yield Cell("set: x.add(key); x.discard(key)", ways, SCALING)
    code = "for _ in repeat(None, n // 1024):\n    for key in x:\n        pass"
    ways = same((OURS,), f"{KEYS}{SET}\nx |= set(keys)", code)
    ways |= same((STD,), f"{KEYS}x = set(keys)", code)
    yield Cell("set: iteration", ways, step=1024)
