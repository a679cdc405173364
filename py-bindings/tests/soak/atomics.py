"""Rounds of the atomics."""

import time

import ft_utils
from helpers.threads import run_threads

from .items import THREADS, Item, N, scenario


@scenario
def atomic_int() -> None:
    a = ft_utils.AtomicInt64()

    def work(index: int) -> None:
        mine = a.handle()
        for _ in range(N):
            mine.incr()
            mine.fetch_add(2)
            mine.update(lambda value: value - 1)

    run_threads(THREADS, work)
    assert a.get() == 2 * N * THREADS


@scenario
def atomic_flag() -> None:
    held, count = ft_utils.AtomicFlag(False), [0]

    def work(index: int) -> None:
        for _ in range(N // 10):
            while held.test_and_set():
                time.sleep(0)
            count[0] += 1
            held.clear()

    run_threads(THREADS, work)
    assert count == [N // 10 * THREADS]
    done = ft_utils.AtomicFlag(False)
    assert run_threads(2, lambda index: done.wait(60) if index else done.set(True)) == [None, True]


@scenario
def atomic_reference() -> None:
    r = ft_utils.AtomicReference(Item(0))

    def work(index: int) -> None:
        mine = r.handle()
        for _ in range(N):
            mine.update(lambda item: Item(item.number + 1))
            mine.exchange(mine.get()) if index < 0 else mine.get()

    run_threads(THREADS, work)
    assert r.get().number == N * THREADS
