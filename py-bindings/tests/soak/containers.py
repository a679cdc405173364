"""Rounds of the dictionary and the deque."""

import ft_utils
from helpers.threads import run_threads

from .items import THREADS, Item, N, numbers, scenario, shared_out


@scenario
def dictionary() -> None:
    d, counts = ft_utils.ConcurrentDict(), ft_utils.ConcurrentDict()

    def work(index: int) -> list[Item]:
        mine = d.handle()
        for item in shared_out(index):
            mine[item] = Item(-item.number)
            mine.get_or_insert(item.number % 7, lambda: Item(7))
        counts.handle().add_many(range(N))
        return [mine.pop(item) for item in shared_out(index) if item.number % 2]

    popped = [item for items in run_threads(THREADS, work) for item in items]
    assert numbers(popped) == [-n for n in range(N) if n % 2][::-1]
    assert counts.as_dict() == dict.fromkeys(range(N), THREADS)
    assert len(d) == N - len(popped) + 7


@scenario
def deque() -> None:
    d = ft_utils.ConcurrentDeque()

    def work(index: int) -> list[Item]:
        mine = d.handle()
        for item in shared_out(index):
            (mine.append if index % 2 else mine.appendleft)(item)
            mine.rotate(1)
        for _ in zip(mine, range(10), strict=False):
            pass
        return [mine.pop() if n % 2 else mine.popleft() for n in range(N // THREADS // 2)]

    popped = [item for items in run_threads(THREADS, work) for item in items]
    d.remove(d[0]) if d and d.count(d[0]) > 1 else None
    assert numbers([*popped, *d]) == list(range(N))
