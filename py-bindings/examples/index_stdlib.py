"""Index the standard library: how often does each identifier occur in its source?

One job, written four times, on 1, 2, ... threads up to the number of cores:

* index_parallel(): parallel_for_each() has the threads, which share a ConcurrentCounter and two
  StripedCounter; this is all of the code
* index_shared(): the same by hand, with a ConcurrentQueue, a ConcurrentDict and two AtomicInt64
* index_locked(): the usual code of today, with queue.Queue, a dict and a Lock
* index_private(): each thread has its own Counter, and these are merged at the end; the threads
  share nothing

Every result is compared with that of a plain loop; if one differs, the exit status is 1.

An identifier is a NAME token of the module tokenize. Keywords are NAME tokens, too: they are
counted like the others, but are not among the ten that are shown. Tests and installed packages do
not count as part of the library.

    python index_stdlib.py [--threads N] [--files N] [--seconds N]
"""

import argparse
import os
import queue
import sys
import sysconfig
import threading
import time
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from keyword import iskeyword
from pathlib import Path
from typing import NamedTuple, TypeVar

from ft_utils import (
    AtomicInt64,
    ConcurrentCounter,
    ConcurrentDict,
    ConcurrentQueue,
    StripedCounter,
    parallel_for_each,
)

T = TypeVar("T")


class Index(NamedTuple):
    """The result of each version of the job."""

    counts: dict[str, int]
    files: int
    tokens: int


def identifiers(path: Path) -> list[str]:
    """Yield the identifiers in a file, in order: the work itself."""
    with path.open("rb") as file:
        return [
            token.string
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.NAME
        ]


# The job with ft_utils: a loop over the files, as it would be for one thread.


def index_parallel(paths: list[Path], threads: int) -> Index:
    counts: ConcurrentCounter[str] = ConcurrentCounter(shared=True)
    files, tokens = StripedCounter(), StripedCounter()

    def index(path: Path) -> None:
        names = identifiers(path)
        counts.add_many(names)  # One call for all of a file; no lock, and nothing to merge later.
        files.add(1)
        tokens.add(len(names))

    parallel_for_each(index, paths, n_threads=threads)
    return Index(counts.as_dict(), files.sum(), tokens.sum())


# The same by hand.


def index_shared(paths: list[Path], threads: int) -> Index:
    todo: ConcurrentQueue[Path] = ConcurrentQueue()
    counts: ConcurrentDict[str, int] = ConcurrentDict()
    files, tokens = AtomicInt64(), AtomicInt64()

    todo.push_many(paths)
    todo.shutdown()  # No more to come: a worker that finds the queue empty is done.

    work = partial(shared_worker, todo, counts, files, tokens)
    in_threads(threads, work, stop=partial(todo.shutdown, immediate=True))
    return Index(counts.as_dict(), files.get(), tokens.get())


def shared_worker(
    todo: ConcurrentQueue[Path],
    counts: ConcurrentDict[str, int],
    files: AtomicInt64,
    tokens: AtomicInt64,
) -> None:
    # A handle is another object for the same data. With handles of its own, a thread does not
    # contend with the others for the reference counts of the shared objects.
    todo, counts, files, tokens = todo.handle(), counts.handle(), files.handle(), tokens.handle()
    for path in todo:
        names = identifiers(path)
        counts.add_many(names)
        files += 1  # Atomic, as are all operations on an AtomicInt64.
        tokens += len(names)


# The job as people write it today.


def index_locked(paths: list[Path], threads: int) -> Index:
    todo = filled_queue(paths)
    counts: dict[str, int] = {}
    totals = {"files": 0, "tokens": 0}
    work = partial(locked_worker, todo, counts, totals, threading.Lock())
    in_threads(threads, work, stop=todo.queue.clear)
    return Index(counts, totals["files"], totals["tokens"])


def locked_worker(
    todo: queue.Queue[Path],
    counts: dict[str, int],
    totals: dict[str, int],
    lock: threading.Lock,
) -> None:
    for path in rest_of(todo):
        names = identifiers(path)
        for name in names:
            with lock:
                counts[name] = counts.get(name, 0) + 1
        with lock:
            totals["files"] += 1
            totals["tokens"] += len(names)


# The job without sharing.


def index_private(paths: list[Path], threads: int) -> Index:
    todo = filled_queue(paths)
    parts = in_threads(threads, partial(private_worker, todo), stop=todo.queue.clear)
    counts = Counter[str]()
    for part in parts:
        counts.update(part.counts)
    return Index(counts, sum(part.files for part in parts), sum(part.tokens for part in parts))


def private_worker(todo: queue.Queue[Path]) -> Index:
    counts = Counter[str]()
    files = 0
    for path in rest_of(todo):
        counts.update(identifiers(path))
        files += 1
    return Index(counts, files, counts.total())


VERSIONS = {
    "parallel_for_each": index_parallel,
    "ConcurrentDict": index_shared,
    "dict and Lock": index_locked,
    "private Counters": index_private,
}


# The parts that all versions use.


def in_threads(threads: int, work: Callable[[], T], stop: Callable[[], object]) -> list[T]:
    """Call work in each of some threads; if that is interrupted or fails, stop, then raise."""
    with ThreadPoolExecutor(threads) as pool:
        results = [pool.submit(work) for _ in range(threads)]
        try:
            return [result.result() for result in results]
        except BaseException:
            stop()
            raise


def filled_queue(paths: list[Path]) -> queue.Queue[Path]:
    todo: queue.Queue[Path] = queue.Queue()
    for path in paths:
        todo.put(path)
    return todo


def rest_of(todo: queue.Queue[Path]) -> Iterator[Path]:
    with suppress(queue.Empty):
        while True:
            yield todo.get_nowait()


def index_plainly(paths: list[Path]) -> Index:
    """Return the result that all versions must have."""
    counts = Counter[str]()
    for path in paths:
        counts.update(identifiers(path))
    return Index(counts, len(paths), counts.total())


# Measuring, checking and showing.


def main() -> int:
    options = parse_arguments()
    try:
        return compare(options.threads, options.files, options.seconds)
    except KeyboardInterrupt:
        show_progress("")
        print("interrupted", file=sys.stderr)
        return 130


def parse_arguments() -> argparse.Namespace:
    def positive(text: str) -> int:
        if (number := int(text)) < 1:
            raise ValueError
        return number

    # process_cpu_count() came with Python 3.13.
    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1
    parser = argparse.ArgumentParser(
        description="Count the identifiers in the standard library with 1, 2, ... threads."
    )
    add = partial(parser.add_argument, type=positive, metavar="N")
    add("--threads", default=cores, help="up to N threads (this machine: %(default)s)")
    add("--files", help="no more than N files (all)")
    add("--seconds", default=75, help="start another round if it ends within N seconds (75)")
    return parser.parse_args()


def compare(max_threads: int, max_files: int | None, seconds: int) -> int:
    paths = library_files()[:max_files]
    if not paths:
        print("this Python came without the source of its standard library", file=sys.stderr)
        return 1
    print(f"Python {sys.version.split()[0]}: {what_the_gil_means()}")

    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) >= 1:
        print(f"load average {load:.1f}: other busy programs spoil the figures for several threads")

    begin = time.monotonic()
    show_progress("a plain loop, to compare with")
    expected = index_plainly(paths)
    show_progress("")
    print(
        f"{len(paths)} files of the standard library, {expected.tokens:,} identifiers, "
        f"{len(expected.counts):,} different ones (keywords included)"
    )

    runs = [(threads, name) for threads in thread_counts(max_threads) for name in VERSIONS]
    best = dict.fromkeys(runs, float("inf"))
    rounds = 0
    round_seconds = 0.0
    # The machine also does other work, so the best of several rounds is nearest the truth. Every
    # other round goes backwards, so that no version always runs after the same one.
    while rounds == 0 or time.monotonic() - begin + round_seconds < seconds:
        rounds += 1
        round_begin = time.monotonic()
        order = runs if rounds % 2 else runs[::-1]
        for done, (threads, name) in enumerate(order):
            show_progress(f"round {rounds}: {threads} x {name}", done / len(runs))
            start = time.perf_counter()
            index = VERSIONS[name](paths, threads)
            elapsed = time.perf_counter() - start
            if difference := first_difference(index, expected):
                show_progress("")
                print(f"{name}, threads: {threads}: {difference}", file=sys.stderr)
                return 1
            best[threads, name] = min(best[threads, name], elapsed)
        round_seconds = time.monotonic() - round_begin
    show_progress("")
    print_table(best, rounds)
    print_commonest(expected.counts)
    return 0


def library_files() -> list[Path]:
    library = Path(sysconfig.get_path("stdlib"))
    if not library.is_dir():  # Debian's free-threaded Python gets its own path wrong.
        library = Path(os.__file__).parent
    skipped = {"site-packages", "dist-packages", "test", "tests", "idle_test"}
    return [
        path
        for path in sorted(library.rglob("*.py"))
        if skipped.isdisjoint(path.relative_to(library).parts)
    ]


def what_the_gil_means() -> str:
    # This comes after the import of ft_utils, because an import can bring the GIL back.
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "the GIL is off, so threads can run at the same time"
    no_gain = "Only one thread runs at a time: expect no speed-up from any version"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return f"the GIL is ON, though this build can do without. {no_gain}"
    return f"the GIL is on, as always in this build. {no_gain}"


def thread_counts(most: int) -> list[int]:
    """Return 1, 2, 4, ... and the largest."""
    return sorted({2**n for n in range(most.bit_length())} | {most})


def first_difference(index: Index, expected: Index) -> str | None:
    """Return a text about a difference in the result, or None."""
    for name in sorted(index.counts.keys() | expected.counts.keys()):
        found, right = index.counts.get(name, 0), expected.counts.get(name, 0)
        if found != right:
            return f"{name!r} was counted {found} times instead of {right}"
    if index[1:] != expected[1:]:
        return f"files and tokens are {index[1:]} instead of {expected[1:]}"
    return None


def show_progress(label: str, part: float = 0.0) -> None:
    """Show a bar in place of the last one, or nothing if the label is empty."""
    if sys.stderr.isatty():
        bar = f"[{'#' * round(part * 30):30}] {label}" if label else ""
        print(f"\r{bar}\x1b[K", end="", file=sys.stderr, flush=True)


def print_table(best: dict[tuple[int, str], float], rounds: int) -> None:
    print(
        f"\nbest of {rounds}; speed-up is over one thread, the last two columns are ratios of time"
    )
    print("threads  version            seconds  speed-up  to dict and Lock  to private Counters")
    for (threads, name), seconds in best.items():
        speed_up = best[1, name] / seconds
        to_locked = seconds / best[threads, "dict and Lock"]
        to_private = seconds / best[threads, "private Counters"]
        print(
            f"{threads:7}  {name:17}  {seconds:7.2f}  {speed_up:8.2f}"
            f"  {to_locked:16.2f}  {to_private:19.2f}"
        )


def print_commonest(counts: dict[str, int]) -> None:
    print("\nthe ten commonest identifiers")
    names = (name for name in sorted(counts, key=counts.__getitem__, reverse=True))
    for _, name in zip(range(10), (name for name in names if not iskeyword(name)), strict=False):
        print(f"{counts[name]:7,}  {name}")


if __name__ == "__main__":
    sys.exit(main())
