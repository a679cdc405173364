"""Random numbers without contention between threads, and a small frame for benchmarks.

A benchmark is a method of a `BenchmarkProvider` whose name starts with ``benchmark_``:

    class Appending(BenchmarkProvider):
        def set_up(self) -> None:
            self._list: list[int] = []

        def benchmark_append(self) -> None:
            for n in range(self._operations):
                self._list.append(n)

    execute_benchmarks(Appending)
"""

import argparse
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import index
from typing import Protocol, SupportsIndex, TypeVar

from ft_utils.local import BatchExecutor

__all__ = [
    "BenchmarkProvider",
    "benchmark_operation",
    "execute_benchmarks",
    "ft_randchoice",
    "ft_randint",
    "ft_seed",
    "parse_arguments",
    "worker",
]

_T_co = TypeVar("_T_co", covariant=True)

# The number of calls that a worker makes.
_ROUNDS = 5


# Random numbers


class _Words(threading.local):
    """Random numbers of 32 bits: one source, for which each thread has its own handle."""

    def __init__(self, executor: BatchExecutor[int]) -> None:
        self.load = executor.handle().load


def _new_words() -> _Words:
    return _Words(BatchExecutor(partial(random.getrandbits, 32), 1024))


def _forget() -> None:
    """Throw away the numbers that were drawn in advance."""
    global _words
    _words = _new_words()


_words = _new_words()

# Without this, a forked child would go on with the numbers of its parent. This runs after `random`
# has seeded itself anew.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def ft_seed(seed: int | float | str | bytes | bytearray | None = None) -> None:
    """Seed `random`, the source of the functions here, and forget numbers drawn in advance.

    `random.seed` alone does not forget them: up to 1024 numbers of 32 bits are used first. After
    this call, the numbers of one thread are reproducible as long as no other thread draws any and
    no code uses `random`.
    """
    random.seed(seed)
    _forget()


def ft_randint(a: SupportsIndex, b: SupportsIndex) -> int:
    """Return a random integer between a and b, both included; all are equally likely.

    Either may be the larger one, and the range may be of any size. Raises `TypeError` if one of
    them is not an integer.
    """
    low, high = sorted((index(a), index(b)))
    largest = high - low
    bits = largest.bit_length()
    while (number := _random_bits(bits)) > largest:
        pass  # A remainder would favor some numbers. Less than half of the draws are repeated.
    return low + number


def _random_bits(bits: int) -> int:
    load = _words.load
    number = 0
    for _ in range(0, bits, 32):
        number = number << 32 | load()
    return number >> -bits % 32


class _Sequence(Protocol[_T_co]):
    def __len__(self) -> int: ...
    def __getitem__(self, position: int, /) -> _T_co: ...


def ft_randchoice(seq: _Sequence[_T_co]) -> _T_co:
    """Return a random item of a sequence; all items are equally likely.

    Raises `IndexError` if the sequence is empty, and `TypeError` if it is no sequence.
    """
    count = len(seq)
    if not count:
        raise IndexError("cannot choose from an empty sequence")
    return seq[ft_randint(0, count - 1)]


# Benchmarks


class BenchmarkProvider:
    """A base for classes with benchmarks: methods whose names start with ``benchmark_``.

    A benchmark does its work `_operations` times. If the class has a method ``set_up``, it is
    called before each benchmark.
    """

    def __init__(self, operations: int) -> None:
        self._operations = operations


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Read operations, threads and switch_interval from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--operations",
        type=_positive_int,
        default=1000,
        metavar="N",
        help="operations in each call of a benchmark (%(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=_positive_int,
        default=16,
        metavar="N",
        help="threads that call it at the same time (%(default)s)",
    )
    parser.add_argument(
        "--switch_interval",
        type=_positive_float,
        default=0.001,
        metavar="SECONDS",
        help="how long a thread may run before others that need the GIL (%(default)s)",
    )
    return parser.parse_args()


def _positive_int(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _positive_float(text: str) -> float:
    if not 0 < (number := float(text)) < float("inf"):
        raise ValueError
    return number


# The names that argparse shows if an argument is wrong.
_positive_int.__name__ = "positive integer"
_positive_float.__name__ = "positive number"


def benchmark_operation(operation_func: Callable[[], object]) -> float:
    """Call a function once, and return the time that it took, in seconds."""
    start = time.monotonic()
    operation_func()
    return time.monotonic() - start


def worker(operation_func: Callable[[], object], barrier: threading.Barrier) -> list[float]:
    """Wait on the barrier, call a function five times, and return the seconds of each call."""
    barrier.wait()
    return [benchmark_operation(operation_func) for _ in range(_ROUNDS)]


def execute_benchmarks(provider_class: type[BenchmarkProvider]) -> None:
    """Run the benchmarks of a class with the options of the command line, and print their times.

    An exception in a benchmark or in set_up is raised here when all threads are done.
    """
    options = parse_arguments(provider_class.__doc__)
    before = sys.getswitchinterval()
    sys.setswitchinterval(options.switch_interval)
    try:
        _run_benchmarks(provider_class, options.operations, options.threads)
    finally:
        sys.setswitchinterval(before)


def _run_benchmarks(provider_class: type[BenchmarkProvider], operations: int, threads: int) -> None:
    print(f"{provider_class.__name__}: {operations} operations in each of {threads} threads")
    print("seconds a call takes, of five in each thread")
    provider = provider_class(operations)
    names = [name for name in dir(provider) if name.startswith("benchmark_")]
    width = max(map(len, names), default=0)
    for name in names:
        if set_up := getattr(provider, "set_up", None):
            set_up()
        times = _in_threads(getattr(provider, name), threads)
        mean = sum(times) / len(times)
        print(f"{name:{width}}  max {max(times):.6f}  mean {mean:.6f}  min {min(times):.6f}")


def _in_threads(func: Callable[[], object], threads: int) -> list[float]:
    barrier = threading.Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        try:
            results = [pool.submit(worker, func, barrier) for _ in range(threads)]
        except BaseException:
            # The threads that have begun wait for one that will not come.
            barrier.abort()
            raise
        return [seconds for result in results for seconds in result.result()]
