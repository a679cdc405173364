"""A histogram that threads fill without waiting for each other, and its export for Prometheus.

Threads sort blocks of random numbers, and record how long each takes. The histogram has a
StripedCounter for each bucket. Meanwhile one thread exports it again and again, in the text format
that prometheus_client writes and Prometheus reads; no package but ft_utils is needed. If the last
export misses a sorted block, the exit status is 1.

    python histogram.py [--threads N] [--blocks N] [--size N]
"""

import argparse
import random
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import accumulate

from ft_utils import StripedCounter

SECOND = 10**9
BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1.0)


class Histogram:
    """Counts times in buckets. The bounds are upper bounds in seconds, which are inclusive."""

    def __init__(self, name: str, text: str, bounds: Sequence[float] = BOUNDS) -> None:
        if not bounds or list(bounds) != sorted(set(bounds)):
            raise ValueError("bounds must increase")
        self.name, self.text = name, text
        self._bounds = tuple(bounds)
        # The last bucket has no bound.
        self._buckets = [StripedCounter() for _ in range(len(bounds) + 1)]
        # An integer, so that threads need no lock to add to it.
        self._nanoseconds = StripedCounter()

    def observe(self, nanoseconds: int) -> None:
        self._nanoseconds.add(nanoseconds)
        self._buckets[bisect_left(self._bounds, nanoseconds / SECOND)].add()

    def export(self) -> Iterator[str]:
        """Yield the lines of Prometheus's text format.

        Threads may go on. The count is the last bucket's, so both agree in each export, as
        Prometheus demands. Nothing is ever subtracted, so no number goes down between exports.
        """
        counts = list(accumulate(bucket.sum() for bucket in self._buckets))
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} histogram"
        for bound, count in zip((*self._bounds, "+Inf"), counts, strict=True):
            yield f'{self.name}_bucket{{le="{bound}"}} {float(count)}'
        yield f"{self.name}_count {float(counts[-1])}"
        yield f"{self.name}_sum {self._nanoseconds.sum() / SECOND}"


def work(histogram: Histogram, seed: int, blocks: int, size: int) -> None:
    numbers = random.Random(seed)
    for _ in range(blocks):
        block = [numbers.random() for _ in range(size)]
        start = time.perf_counter_ns()
        block.sort()
        histogram.observe(time.perf_counter_ns() - start)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"not positive: {text}")
    return number


def main() -> int:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=positive, default=4)
    parser.add_argument("--blocks", type=positive, default=500, help="of each thread")
    parser.add_argument("--size", type=positive, default=2000)
    args = parser.parse_args()
    histogram = Histogram("sort_seconds", "Time to sort a block of numbers.")
    exports = 0
    with ThreadPoolExecutor(args.threads) as pool:
        tasks = [
            pool.submit(work, histogram, seed, args.blocks, args.size)
            for seed in range(args.threads)
        ]
        while wait(tasks, timeout=0.01).not_done:
            exports += bool(list(histogram.export()))
    for task in tasks:
        task.result()
    lines = list(histogram.export())
    print("\n".join(lines))
    print(f"# exported {exports} times while threads were at work")
    (count,) = (line.split()[1] for line in lines if line.startswith("sort_seconds_count"))
    return int(float(count) != args.threads * args.blocks)


if __name__ == "__main__":
    sys.exit(main())
