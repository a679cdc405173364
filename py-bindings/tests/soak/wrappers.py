"""Rounds of the wrapper."""

import ft_utils
from helpers.threads import run_threads

from .items import THREADS, Item, N, scenario


@scenario
def wrapper() -> None:
    counts = ft_utils.ConcurrentDict()
    box = ft_utils.LocalWrapper(Item(1))

    def work(index: int) -> None:
        mine = ft_utils.LocalWrapper(counts)
        number = ft_utils.LocalWrapper(0)
        for _ in range(N):
            mine.add("key")
            number += 1
            assert box.number == 1
        assert number == N

    run_threads(THREADS, work)
    assert counts["key"] == N * THREADS
