"""Code as programs write it. Only type checkers read it, in `cargo xtask lint`; it never runs."""

import threading
from concurrent.futures import Executor
from decimal import Decimal
from fractions import Fraction
from typing import assert_type

from ft_utils import (
    AtomicInt64,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    IntervalLock,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
    map_ordered,
)


class Jobs(StdConcurrentQueue[int]):
    """The signatures are those of typeshed's queue.Queue."""

    def put(self, item: int, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> int:
        return super().get(block, timeout)

    def shutdown(self, immediate: bool = False) -> None:
        super().shutdown(immediate)


class Stack(StdConcurrentLifoQueue[int]):
    def put(self, item: int, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> int:
        return super().get(block, timeout)


class Urgent(StdConcurrentPriorityQueue[int]):
    def put(self, item: int, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> int:
        return super().get(block, timeout)


def locks(lock: IntervalLock) -> None:
    with threading.Condition(lock) as taken:
        assert_type(taken, bool)
    with lock as same:
        assert_type(same, IntervalLock)
        lock.poll()


def numbers(n: AtomicInt64, z: complex) -> None:
    assert_type(n + 1, int)
    assert_type(1 - n, int)
    assert_type(n + n, int)
    assert_type(n / 2, float)
    assert_type(n / 2.5, float)
    assert_type(0.5 * n, float)
    assert_type(n + z, complex)
    assert_type(n * Fraction(1, 2), Fraction)
    assert_type(Decimal(2) - n, Decimal)
    assert_type(n // 2.5, float)
    assert_type(n // Fraction(1, 2), int)
    assert_type(n % Decimal(3), Decimal)
    assert_type(divmod(n, 2), tuple[int, int])
    assert_type(n < Fraction(1, 2), bool)
    n += 1
    n **= 2
    assert_type(n, AtomicInt64)
    n += 1.5  # type: ignore[arg-type]


def missing(counts: ConcurrentDict[str, int]) -> None:
    assert_type(counts.pop("key"), int)
    assert_type(counts.pop("key", None), int | None)
    assert_type(counts.update_with("key", abs), int)
    assert_type(counts.update_with("key", abs, 1), int)


def ordered(executor: Executor, values: list[int], names: list[str]) -> None:
    assert_type(next(map_ordered(executor, float, values)), float)
    assert_type(next(map_ordered(executor, float, values, 3, timeout=1)), float)
    results = map_ordered(executor, str.zfill, names, values, window=3)
    assert_type(list(results), list[str])
    results.close()


def gathered(gathering: ConcurrentGatheringIterator[str], clear: bool) -> None:
    assert_type(list(gathering.iterator(3, clear)), list[str])
