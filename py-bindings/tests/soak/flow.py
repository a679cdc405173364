"""Rounds of the gathering iterator and the batch executor."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import ft_utils
from helpers.threads import run_threads

from .items import THREADS, Item, N, numbers, scenario, shared_out


@scenario
def gatherer() -> None:
    g = ft_utils.ConcurrentGatheringIterator()

    def work(index: int) -> list[int]:
        if index == THREADS:
            return [item.number for item in g.iterator(N - 1)]
        for item in shared_out(index):
            g.insert(item.number, item)
        return []

    assert run_threads(THREADS + 1, work)[-1] == list(range(N))
    with ThreadPoolExecutor(2) as pool:
        made = ft_utils.map_ordered(pool, Item, range(N), window=8)
        assert [item.number for item in made] == list(range(N))


@scenario
def batch_executor() -> None:
    source = itertools.count()
    executor = ft_utils.BatchExecutor(lambda: Item(next(source)), 16)

    def work(index: int) -> list[Item]:
        mine = executor.handle()
        return [mine.load() for _ in range(N)]

    loaded = [item for items in run_threads(THREADS, work) for item in items]
    assert numbers(loaded) == list(range(N * THREADS))
