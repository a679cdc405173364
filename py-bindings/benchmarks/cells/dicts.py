"""ConcurrentDict.

Keys are strings that were interned, values small integers: objects that live for ever. Of others,
two threads that get the same one would fight for its reference count, whatever the dictionary does.
"""

import os
from collections.abc import Iterator

from benchmarks.cell import (
    ALL,
    BOTH,
    CEREGGII,
    CEREGGII_HANDLE,
    HANDLE,
    OURS,
    PYSYNC,
    REFERENCE,
    SCALING,
    STD,
    Cell,
    Way,
    each_key,
    loop,
    same,
)

KEYS = """\
from sys import intern
keys = [intern(f"key {i}") for i in range(1024)]
"""
NEW_KEYS = """\
from sys import intern
keys = [intern(f"key {i}") for i in range(n)]
"""
# Where a thread begins with its keys: all of them use all keys, none at the same time.
TURNED = "keys = keys[me * len(keys) // threads:] + keys[:me * len(keys) // threads]"

OF_BOTH = "from ft_utils.concurrency import ConcurrentDict\nx = ConcurrentDict()\n"
OF_CEREGGII = "from cereggii import AtomicDict\nx = AtomicDict()\n"
OF_PYSYNC = "from pysync import ConcurrentDict\nx = ConcurrentDict()\n"
OF_STD = "x = {}\n"
FILL = "for number, key in enumerate(keys):\n    x[key] = number % 256\n"

# So many keys are put into an empty dictionary.
GROWN = 16_384
# The keys of a large one. FT_BENCH_LARGE=10000000 asks for ten million, which takes minutes.
LARGE = int(os.environ.get("FT_BENCH_LARGE", "1000000"))


def cells() -> Iterator[Cell]:
    yield from _one_thread()
    yield from _handles()
    yield from _counting()
    yield from _whole()
    yield from _large()


def _ways(
    columns: tuple[str, ...], before: str, after: str, code: str, turned: str
) -> dict[str, Way]:
    made = {
        CEREGGII: OF_CEREGGII,
        CEREGGII_HANDLE: OF_CEREGGII,
        PYSYNC: OF_PYSYNC,
        STD: OF_STD,
    }
    return {
        column: Way(before + made.get(column, OF_BOTH) + after, (code,), turned)
        for column in columns
    }


def _one_thread() -> Iterator[Cell]:
    without_cereggii = (*BOTH, PYSYNC, STD)
    columns = (*without_cereggii, CEREGGII)
    for statement in ("x[key]", "x.get(key)", "x[key] = 5"):
        yield Cell(f"dict: {statement}", _ways(columns, KEYS, FILL, each_key(statement), ""))
    # AtomicDict has neither of these.
    for statement in ("key in x", "x.setdefault(key, 5)"):
        ways = _ways(without_cereggii, KEYS, FILL, each_key(statement), "")
        yield Cell(f"dict: {statement}", ways)
    # An operation is one key.
    code = "for _ in repeat(None, n // 1024):\n    for key in x:\n        pass"
    yield Cell("dict: iteration", _ways((*BOTH, STD), KEYS, FILL, code, ""), step=1024)
    code = "for key in keys:\n    x[key] = 5"
    yield Cell("dict: insert", _ways(columns, NEW_KEYS, "", code, ""), step=GROWN, most=GROWN)
    code = "for key in keys:\n    del x[key]"
    yield Cell("dict: delete", _ways(columns, NEW_KEYS, FILL, code, ""), step=GROWN, most=GROWN)


def _handles() -> Iterator[Cell]:
    columns = (*ALL, CEREGGII, CEREGGII_HANDLE, PYSYNC, STD)
    # Nine gets and a set, of ten keys.
    tens = f"{TURNED}\ntens = [tuple(keys[i:i + 10]) for i in range(0, 1020, 10)]"
    gets = "; ".join(f"x[{name}]" for name in "abcdefghi")
    mixed = (
        f"for a, b, c, d, e, f, g, h, i, j in islice(cycle(tens), n // 10):\n    {gets}; x[j] = 5"
    )
    for name, code, prepare in [
        ("get", each_key("x[key]"), TURNED),
        ("hot get", loop('x["key 7"]'), TURNED),
        ("set", each_key("x[key] = 5"), TURNED),
        ("one set in ten", mixed, tens),
        ("x.get(key)", each_key("x.get(key)"), TURNED),
    ]:
        ways = _ways(columns, KEYS, FILL, code, prepare)
        yield Cell(f"shared dict: {name}", ways, SCALING, step=10)


def _whole() -> Iterator[Cell]:
    """A thousand keys at once; an operation is one key."""
    ours_and_dict = {
        "keys()": "list(x)",
        "values()": "list(x.values())",
        "items()": "list(x.items())",
        "copy()": "x.copy()",
    }
    each = "for _ in repeat(None, n // 1024):\n    "
    for name, of_std in ours_and_dict.items():
        ways = same((OURS,), KEYS + OF_BOTH + FILL, f"{each}x.{name}")
        ways |= same((STD,), KEYS + OF_STD + FILL, each + of_std)
        yield Cell(f"dict, whole: {name}", ways, step=1024)
    ways = same(BOTH, KEYS + OF_BOTH + FILL, f"{each}x.as_dict()")
    yield Cell("dict, whole: as_dict()", ways, step=1024)
    ways = _ways((*BOTH, STD), KEYS, FILL, loop("len(x)"), "")
    yield Cell("dict, whole: len(x)", ways)


def _large() -> Iterator[Cell]:
    """Dictionaries that fit into no cache."""
    orders = {
        "ints in order": "keys = list(range(n))\n",
        "shuffled ints": (
            "from random import Random\nkeys = list(range(n))\nRandom(3).shuffle(keys)\n"
        ),
        "strings": 'keys = [f"key {i}" for i in range(n)]\n',
    }
    fill = "for key in keys:\n    x[key] = None\n"
    for order, keys in orders.items():
        for name, after, code in [
            ("insert", "", "for key in keys:\n    x[key] = None"),
            ("x[key] = 5", fill, "for key in keys:\n    x[key] = 5"),
            ("x[key]", fill, "for key in keys:\n    x[key]"),
            ("del x[key]", fill, "for key in keys:\n    del x[key]"),
            ("iteration", fill, "for key in x:\n    pass"),
        ]:
            ways = _ways((*BOTH, CEREGGII, STD), keys, after, code, "")
            if name == "iteration":
                ways.pop(CEREGGII)
            yield Cell(f"large dict, {order}: {name}", ways, step=LARGE, most=LARGE)


def _counting() -> Iterator[Cell]:
    """How often each of 256 words is in a list of 1,024; an operation is one word."""
    words = 'words = [intern(f"word {i * i % 256}") for i in range(1024)]\n'
    setup = "from sys import intern\n" + words
    each = "for key in islice(cycle(words), n):\n    "
    many = "for _ in repeat(None, n // 1024):\n    "
    ways = same((OURS, HANDLE), setup + OF_BOTH, each + "x.add(key)")
    ways |= same((REFERENCE,), setup + OF_BOTH, each + "x[key] = x.get(key, 0) + 1")
    ways |= same((STD,), setup + OF_STD, each + "x[key] = x.get(key, 0) + 1")
    yield Cell("count: a call for each word", ways, (1, 2), step=1024)
    ways = same((OURS, HANDLE), setup + OF_BOTH, many + "x.add_many(words)")
    ways |= same((CEREGGII, CEREGGII_HANDLE), setup + OF_CEREGGII, many + "x.reduce_count(words)")
    counter = "from collections import Counter\nx = Counter()"
    ways |= same((STD,), setup + counter, many + "x.update(words)")
    yield Cell("count: all words at once", ways, (1, 2), step=1024)
