"""Count in several threads: a wrong counter, and the costs of three right ones.

`count += 1` on an int is three steps: read it, add one, write the sum. When two threads read before
either writes, one addition is lost. The same job, written four times:

* PlainCounter: only an int. It may lose counts, and is here to show that.
* LockedCounter: an int and a lock. It is right, and lets one thread count at a time.
* AtomicCounter: an AtomicInt64, whose incr() is one step. It is right without a lock.
* HandleCounter: the same, but each thread has its own handle, so that the threads do not contend
  for the reference count of one object either.

incr() returns the new count. So a consistent counter never returns the same number twice, and ends
at the right number. If a counter that claims to be consistent is not, the exit status is 1.

    python consistent_counter.py [--threads N] [--counts N]
"""

import argparse
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

from ft_utils import AtomicInt64


class Counter(Protocol):
    def incr(self) -> int:
        """Add one and return the new count."""
        ...

    def get(self) -> int: ...

    def handle(self) -> "Counter":
        """Return the object with which one thread counts."""
        ...


class PlainCounter:
    """A counter with which two threads can read the same number, and both write the next one."""

    def __init__(self) -> None:
        self._count = 0

    def incr(self) -> int:
        count = self._count + 1
        self._count = count
        return count

    def get(self) -> int:
        return self._count

    def handle(self) -> Counter:
        return self


class LockedCounter(PlainCounter):
    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def incr(self) -> int:
        with self._lock:
            return super().incr()


class AtomicCounter:
    def __init__(self) -> None:
        self._count = AtomicInt64()

    def incr(self) -> int:
        return self._count.incr()

    def get(self) -> int:
        return self._count.get()

    def handle(self) -> Counter:
        return self


class HandleCounter(AtomicCounter):
    def handle(self) -> Counter:
        return self._count.handle()


class Outcome(NamedTuple):
    final: int
    different: int
    seconds: float

    def is_consistent(self, expected: int) -> bool:
        return self.final == self.different == expected


def count_in_threads(counter: Counter, threads: int, counts: int) -> Outcome:
    """Count up in each of some threads, all starting together."""
    barrier = threading.Barrier(threads + 1)

    def work() -> list[int]:
        incr = counter.handle().incr
        barrier.wait()
        return [incr() for _ in range(counts)]

    with ThreadPoolExecutor(threads) as pool:
        results = [pool.submit(work) for _ in range(threads)]
        barrier.wait()
        start = time.perf_counter()
        numbers = [result.result() for result in results]
        seconds = time.perf_counter() - start
    return Outcome(counter.get(), len(set().union(*numbers)), seconds)


# Each kind, and whether it claims to be consistent.
KINDS: dict[Callable[[], Counter], bool] = {
    PlainCounter: False,
    LockedCounter: True,
    AtomicCounter: True,
    HandleCounter: True,
}


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def main() -> int:
    parser = argparse.ArgumentParser(description="Count in several threads, in four ways.")
    parser.add_argument("--threads", type=positive, default=4, metavar="N", help="(%(default)s)")
    parser.add_argument(
        "--counts", type=positive, default=50_000, metavar="N", help="per thread (%(default)s)"
    )
    options = parser.parse_args()
    expected = options.threads * options.counts
    print(f"{options.threads} threads count {options.counts:,} times each: {expected:,}")
    print("counter              ends at  different numbers  seconds")
    status = 0
    for kind, should_be_consistent in KINDS.items():
        outcome = count_in_threads(kind(), options.threads, options.counts)
        is_consistent = outcome.is_consistent(expected)
        name = getattr(kind, "__name__", "")
        note = "" if is_consistent else "  not consistent"
        print(
            f"{name:14}  {outcome.final:12,}  {outcome.different:17,}  {outcome.seconds:7.3f}{note}"
        )
        if should_be_consistent and not is_consistent:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
