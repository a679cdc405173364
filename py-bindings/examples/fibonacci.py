"""Fibonacci numbers by recursion, with a cache that threads share: in three ways.

Without a cache the recursion takes for ever. With a cache, each number is computed only once, by
the thread that needs it first. The cache can be

* dict: a builtin dict. Its single operations are safe among threads, but every thread writes the
  reference count of that one dict.
* shared: a ConcurrentDict, used in the same way.
* local: a ConcurrentDict of which each thread has its own handle in a LocalWrapper. The threads
  share the contents only, and the wrapper makes any shared object cheap to pass around in a thread.

Every thread computes every number, in an order of its own. All numbers are compared with those of a
plain loop; if one differs, the exit status is 1. The job is repeated with an empty cache.

    python fibonacci.py [--mode dict|shared|local|all] [--threads N] [--largest N] [--rounds N]
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from ft_utils.concurrency import AtomicInt64, ConcurrentDict
from ft_utils.local import LocalWrapper

# Larger numbers come near to Python's limit of recursion.
MOST = 800


class Cache(Protocol):
    def get(self, key: int, /) -> int | None: ...
    def __setitem__(self, key: int, value: int, /) -> None: ...


def fibonacci(n: int, cache: Cache, computed: AtomicInt64) -> int:
    """Return the number at n, from the cache if it is there."""
    if n < 2:
        return n
    known = cache.get(n)
    if known is not None:
        return known
    number = fibonacci(n - 1, cache, computed) + fibonacci(n - 2, cache, computed)
    # Two threads may come here at the same time. They store the same number, so nothing is wrong.
    cache[n] = number
    computed.incr()
    return number


# Each mode makes an empty cache, as a function with which a thread gets its view of the cache.


def dict_cache() -> Callable[[], Cache]:
    cache: dict[int, int] = {}
    return lambda: cache


def shared_cache() -> Callable[[], Cache]:
    cache: ConcurrentDict[int, int] = ConcurrentDict()
    return lambda: cache


def local_cache() -> Callable[[], Cache]:
    cache: ConcurrentDict[int, int] = ConcurrentDict()

    # A wrapper has the attributes of the wrapped object, which no type can express.
    def view() -> Any:
        return LocalWrapper(cache)

    return view


MODES = {"dict": dict_cache, "shared": shared_cache, "local": local_cache}


def compute(
    view: Callable[[], Cache], computed: AtomicInt64, threads: int, largest: int
) -> tuple[list[list[int]], float]:
    """Compute all numbers in each of some threads; return them, and the time in seconds."""
    barrier = threading.Barrier(threads + 1)

    def work(seed: int) -> list[int]:
        cache, mine = view(), computed.handle()
        order = list(range(largest + 1))
        random.Random(seed).shuffle(order)
        numbers = [0] * len(order)
        barrier.wait()
        for n in order:
            numbers[n] = fibonacci(n, cache, mine)
        return numbers

    with ThreadPoolExecutor(threads) as pool:
        results = [pool.submit(work, seed) for seed in range(threads)]
        barrier.wait()
        start = time.perf_counter()
        numbers = [result.result() for result in results]
        return numbers, time.perf_counter() - start


def plain_loop(largest: int) -> list[int]:
    """Return the numbers that every thread must have."""
    numbers = [0, 1]
    while len(numbers) <= largest:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[: largest + 1]


def number_up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not 1 <= (value := int(text)) <= most:
            raise argparse.ArgumentTypeError(f"{value} is not from 1 to {most}")
        return value

    return number


def main() -> int:
    parser = argparse.ArgumentParser(description="Fibonacci numbers with a cache in common.")
    add = parser.add_argument
    add("--mode", choices=[*MODES, "all"], default="all", help="the cache (%(default)s)")
    add("--threads", type=number_up_to(1000), default=4, metavar="N", help="(%(default)s)")
    add("--largest", type=number_up_to(MOST), default=500, metavar="N", help="(%(default)s)")
    add("--rounds", type=number_up_to(10**6), default=20, metavar="N", help="(%(default)s)")
    options = parser.parse_args()

    expected = plain_loop(options.largest)
    print(f"{options.threads} threads, the first {len(expected)} numbers, best of {options.rounds}")
    print("mode    seconds  computed per round")
    for mode in MODES if options.mode == "all" else [options.mode]:
        best, computed = float("inf"), AtomicInt64()
        for _ in range(options.rounds):
            numbers, seconds = compute(MODES[mode](), computed, options.threads, options.largest)
            best = min(best, seconds)
            if any(row != expected for row in numbers):
                print(f"{mode}: a thread has wrong numbers", file=sys.stderr)
                return 1
        print(f"{mode:6}  {best:7.4f}  {computed.get() / options.rounds:18.1f}")
    digits = len(str(expected[-1]))
    print(f"number {options.largest} has {digits} digits and ends in {expected[-1] % 10**6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
