"""What an empty object costs in memory: `python -m benchmarks.memory`, or `cargo xtask memory`.

A process of its own makes many objects of a class, and looks at the memory that it has from the
system before and after. That includes what allocators round up, and what an object allocates
elsewhere. Linux alone tells.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Enough that what the process has anyway does not count.
OBJECTS = 50_000

# `make` returns an object of the class.
_PROGRAM = """\
import gc, os
{setup}

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

kept = [None] * {objects}
kept[0] = make()
gc.collect()
gc.disable()
before = resident()
for i in range({objects}):
    kept[i] = make()
print((resident() - before) / {objects}, flush=True)
# Not the end of so many objects, which takes longer than all the rest.
os._exit(0)
"""


@dataclass(frozen=True)
class Empty:
    """An empty object of this library, and what others have for it."""

    name: str
    module: str
    arguments: str = ""
    # The most bytes that it may have on free-threaded 3.14, for the tests.
    most: int = 0
    in_reference: bool = True
    cereggii: str = ""
    std: str = ""


EMPTY = (
    Empty("AtomicInt64", "concurrency", "1", 140, cereggii="AtomicInt64(1)"),
    Empty("AtomicFlag", "concurrency", "True", 128, std="threading.Event()"),
    Empty("AtomicReference", "concurrency", "", 128, cereggii="AtomicRef(None)"),
    Empty("ConcurrentDict", "concurrency", "", 450, cereggii="AtomicDict({})", std="dict()"),
    Empty("ConcurrentCache", "concurrency", "1000", 1_500, in_reference=False),
    Empty("ConcurrentDeque", "concurrency", "", 500, std="collections.deque()"),
    Empty("ConcurrentQueue", "concurrency", "", 1_000, std="queue.SimpleQueue()"),
    Empty("StdConcurrentQueue", "concurrency", "", 1_000, std="queue.Queue()"),
    Empty("ConcurrentGatheringIterator", "concurrency", "", 620),
    Empty("BatchExecutor", "local", "int, 8", 340),
    Empty("RWLock", "synchronization", "", 600),
    Empty("IntervalLock", "synchronization", "", 600, std="threading.Lock()"),
    Empty(
        "ProcessSemaphore", "concurrency", "1", 600, std="threading.Semaphore()", in_reference=False
    ),
)

COLUMNS = ("ours", "reference", "cereggii", "std")


def setup(empty: Empty, column: str) -> str | None:
    """Return code that defines `make`; None if the column has no such class."""
    if column in ("ours", "reference"):
        if column == "reference" and not empty.in_reference:
            return None
        module, call = f"ft_utils.{empty.module}", f"{empty.name}({empty.arguments})"
        return f"from {module} import {empty.name}\nmake = lambda: {call}"
    if column == "cereggii":
        return (
            f"from cereggii import *\nmake = lambda: {empty.cereggii}" if empty.cereggii else None
        )
    modules = "import collections, queue, threading\n"
    return f"{modules}make = lambda: {empty.std}" if empty.std else None


def size(empty: Empty, column: str, python: str, site: Path | None = None) -> float | None:
    """Return the bytes of an empty object; None if there is no such class."""
    code = setup(empty, column)
    if code is None:
        return None
    path = f"import sys; sys.path.insert(0, {str(site)!r})\n" if site else ""
    program = _PROGRAM.format(setup=path + code, objects=OBJECTS)
    done = subprocess.run([python, "-c", program], capture_output=True, text=True)
    return float(done.stdout) if done.returncode == 0 else None


def rows(python: str, sites: dict[str, Path]) -> Iterator[tuple[str, list[float | None]]]:
    """Measure each class in each column."""
    for empty in EMPTY:
        columns = [
            size(empty, column, python, sites.get(column))
            if column in sites or column in ("ours", "std")
            else None
            for column in COLUMNS
        ]
        yield empty.name, columns


def main() -> None:
    parser = argparse.ArgumentParser(description="Bytes of an empty object, beside others.")
    parser.add_argument("--python", default=sys.executable, help="the interpreter")
    parser.add_argument("--site", action="append", default=[], metavar="COLUMN=FOLDER")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    words = parser.parse_args()
    sites = {name: Path(folder) for name, _, folder in (it.partition("=") for it in words.site)}
    figures = {}
    print(f"{'bytes of an empty object':28}" + "".join(f"{column:>11}" for column in COLUMNS))
    for name, columns in rows(words.python, sites):
        figures[name] = dict(zip(COLUMNS, columns, strict=True))
        shown = ["" if found is None else f"{found:,.0f}" for found in columns]
        print(f"{name:28}" + "".join(f"{figure:>11}" for figure in shown))
    if words.json:
        words.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
