"""All classes at once, round after round: nothing lost, memory flat, every object released.

Run by ``cargo xtask soak``.
"""

import argparse
import asyncio
import gc
import itertools
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Full

import ft_utils
from helpers.threads import run_threads

N = 200
THREADS = 3
SAMPLES = 40
# The growth that an allocator may cause between the second and the last quarter of the time.
GROWTH, SLACK = 1.05, 8 << 20

alive = ft_utils.AtomicInt64()
scenarios: list[Callable[[], None]] = []


class Item:
    """An object whose life is counted."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        alive.incr()

    def __del__(self) -> None:
        alive.decr()

    def __hash__(self) -> int:
        return hash(self.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and self.number == other.number

    def __lt__(self, other: "Item") -> bool:
        return self.number < other.number


def scenario(function: Callable[[], None]) -> Callable[[], None]:
    """Make a round of a function."""
    scenarios.append(function)
    return function


def numbers(items) -> list[int]:
    return sorted(item.number for item in items)


def shared_out(index: int) -> Iterator[Item]:
    """Yield this thread's part of N items."""
    return map(Item, range(index, N, THREADS))


def emptied(take: Callable[[], Item], *errors: type[Exception]) -> list[Item]:
    """Take until it fails."""
    items = []
    try:
        while True:
            items.append(take())
    except errors:
        return items


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


def through(push: Callable, pop: Callable, close: Callable) -> list[Item]:
    """Send N items through a queue, and return what arrives, in order of arrival per thread."""
    left = ft_utils.AtomicInt64(THREADS)

    def work(index: int) -> list[Item]:
        if index >= THREADS:
            return emptied(pop, ft_utils.ShutDown)
        for item in shared_out(index):
            push(item)
        if left.decr() == 0:
            close()
        return []

    return [item for items in run_threads(2 * THREADS, work) for item in items]


@scenario
def queue() -> None:
    for q in (
        ft_utils.ConcurrentQueue(),
        ft_utils.ConcurrentQueue(maxsize=3),
        ft_utils.ConcurrentQueue(lock_free=True),
    ):
        q.push_many([])
        assert numbers(through(q.push, q.pop, q.shutdown)) == list(range(N))
    q = ft_utils.ConcurrentQueue()
    q.push_many(map(Item, range(N)))
    assert emptied(lambda: q.pop(0), Empty)[-1].number == N - 1
    q.push(Item(0))
    q.shutdown(immediate=True)


@scenario
def std_queues() -> None:
    for kind in (
        ft_utils.StdConcurrentQueue,
        ft_utils.StdConcurrentLifoQueue,
        ft_utils.StdConcurrentPriorityQueue,
    ):
        q = kind(maxsize=N // 2)
        waiter = threading.Thread(target=q.join)
        q.put(Item(-1))
        waiter.start()

        def get(q=q) -> Item:
            item = q.get()
            q.task_done()
            return item

        items = through(q.put, get, q.shutdown)
        waiter.join(60)
        assert not waiter.is_alive()
        assert q.unfinished_tasks == 0
        assert numbers(items) == list(range(-1, N))
        q = kind(maxsize=1)
        q.put(Item(1))
        try:
            q.put(Item(2), timeout=0.001)
        except Full:
            q.shutdown(immediate=True)


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
def read_write_lock() -> None:
    lock, pair = ft_utils.RWLock(), [0, 0]

    def work(index: int) -> None:
        for _ in range(N):
            if index:
                with lock.read():
                    assert pair[0] == pair[1]
            else:
                with lock.write():
                    pair[0] += 1
                    pair[1] += 1

    run_threads(THREADS, work)
    assert pair == [N, N]


@scenario
def interval_lock() -> None:
    lock, count = ft_utils.IntervalLock(0.0001), [0]

    def work(index: int) -> None:
        for _ in range(5):
            with lock:
                for _ in range(N // 5):
                    count[0] += 1
                    lock.poll()

    run_threads(THREADS, work)
    assert count == [N * THREADS]


@scenario
def batch_executor() -> None:
    source = itertools.count()
    executor = ft_utils.BatchExecutor(lambda: Item(next(source)), 16)

    def work(index: int) -> list[Item]:
        mine = executor.handle()
        return [mine.load() for _ in range(N)]

    loaded = [item for items in run_threads(THREADS, work) for item in items]
    assert numbers(loaded) == list(range(N * THREADS))


@scenario
def semaphore() -> None:
    semaphore, inside = ft_utils.ProcessSemaphore(2), ft_utils.AtomicInt64()

    async def task() -> None:
        for _ in range(5):
            async with semaphore:
                assert inside.incr() <= 2
                await asyncio.sleep(0)
                inside.decr()

    async def tasks() -> None:
        group = [asyncio.create_task(task()) for _ in range(5)]
        group[0].cancel()
        await asyncio.gather(*group, return_exceptions=True)

    def work(index: int) -> None:
        if index:
            asyncio.run(tasks())
        else:
            for _ in range(20):
                semaphore.acquire_sync()
                assert inside.incr() <= 2
                inside.decr()
                semaphore.release()

    # A task that was cancelled inside has not counted itself out.
    run_threads(THREADS, work)
    assert not semaphore.locked()


@scenario
def awaited_queue() -> None:
    q = ft_utils.ConcurrentQueue(maxsize=4)

    async def take() -> list[Item]:
        items = []
        while (item := await q.get_async()) is not None:
            items.append(item)
        return items

    async def give() -> None:
        for number in range(N // 4):
            await q.put_async(Item(number))
        await q.put_async(None)

    taken = run_threads(2, lambda index: asyncio.run(give() if index else take()))[0]
    assert [item.number for item in taken] == list(range(N // 4))


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


def resident() -> int:
    """Return the bytes of memory that the process has, as far as the system tells."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        return 0


def main() -> int:
    """Run the scenarios, and return how many things are wrong."""
    parser = argparse.ArgumentParser(prog="cargo xtask soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    args = parser.parse_args()
    rounds: Counter[str] = Counter()
    failures: list[str] = []
    end = threading.Event()

    def repeat(function: Callable[[], None]) -> None:
        try:
            while not end.is_set():
                function()
                rounds[function.__name__] += 1
        except BaseException:
            failures.append(f"{function.__name__}:\n{traceback.format_exc()}")
            end.set()

    threads = [threading.Thread(target=repeat, args=(each,)) for each in scenarios]
    for thread in threads:
        thread.start()
    samples = []
    for _ in range(SAMPLES):
        if end.wait(args.minutes * 60 / SAMPLES):
            break
        samples.append(resident())
        print(f"{sum(rounds.values()):8} rounds, {samples[-1] >> 20} MiB", flush=True)
    end.set()
    for thread in threads:
        thread.join(120)
        if thread.is_alive():
            failures.append("a thread hangs")
    for _ in range(3):
        gc.collect()
    for name, count in sorted(rounds.items()):
        print(f"{count:8} {name}")
    if alive.get():
        failures.append(f"{alive.get()} objects were not released")
    before, after = max(samples[10:20], default=0), max(samples[30:], default=0)
    if after > before * GROWTH + SLACK:
        failures.append(f"memory went from {before >> 20} to {after >> 20} MiB")
    for failure in failures:
        print(failure, file=sys.stderr)
    print("soak:", f"{len(failures)} failures" if failures else "nothing lost, all released")
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
