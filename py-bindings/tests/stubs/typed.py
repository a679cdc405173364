"""Code as programs write it. Only type checkers read it, in `cargo xtask lint`; it never runs."""

import threading
from concurrent.futures import Executor
from decimal import Decimal
from fractions import Fraction
from typing import assert_type

from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    Barrier,
    Case,
    ConcurrentCache,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    ConcurrentSet,
    Event,
    GroupThread,
    IntervalLock,
    Latch,
    ProcessSemaphore,
    RateLimiter,
    RWLock,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
    ThreadGroup,
    cached,
    map_ordered,
    parallel_for_each,
    parallel_map,
    parallel_reduce,
    parallel_sort,
    select,
    select_async,
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


def elements(names: ConcurrentSet[str], numbers: set[int]) -> None:
    assert_type(names.add("name"), bool)
    assert_type(names.discard(1), bool)
    assert_type(names | numbers, ConcurrentSet[str | int])
    assert_type(names & numbers, ConcurrentSet[str])
    assert_type(list(names), list[str])
    names |= {"other"}
    assert_type(names, ConcurrentSet[str])
    names.add(5)  # type: ignore[arg-type]


def ordered(executor: Executor, values: list[int], names: list[str]) -> None:
    assert_type(next(map_ordered(executor, float, values)), float)
    assert_type(next(map_ordered(None, float, values)), float)
    assert_type(next(map_ordered(executor, float, values, 3, timeout=1)), float)
    results = map_ordered(executor, str.zfill, names, values, window=3)
    assert_type(list(results), list[str])
    results.close()


def parallel(executor: Executor, values: list[int], names: list[str]) -> None:
    assert_type(next(parallel_map(float, values, n_threads=2, ordered=False)), float)
    assert_type(list(parallel_map(str.zfill, names, values, executor=executor)), list[str])
    parallel_for_each(names.append, names, progress=values.append)
    parallel_for_each(values.append, names)  # type: ignore[arg-type]
    assert_type(parallel_reduce(str.__add__, names), str)
    assert_type(parallel_reduce(max, values, 5, chunk_size=9), int)
    assert_type(parallel_sort(names, reverse=True), list[str])
    assert_type(parallel_sort(names, key=len), list[str])
    parallel_sort([print])  # type: ignore[type-var]


def gathered(gathering: ConcurrentGatheringIterator[str], clear: bool) -> None:
    assert_type(list(gathering.iterator(3, clear)), list[str])


async def gathered_async(gathering: ConcurrentGatheringIterator[str]) -> None:
    async for value in gathering.iterator(3):
        assert_type(value, str)


async def waited(event: Event, latch: Latch, barrier: Barrier, limiter: RateLimiter) -> None:
    assert_type(event.wait(1) and latch.wait(), bool)
    assert_type(await event.wait_async() and await latch.wait_async(1), bool)
    assert_type(barrier.wait() + await barrier.wait_async(), int)
    assert_type(limiter.acquire(2, timeout=1) and await limiter.acquire_async(), bool)
    assert_type(limiter.reserve(), float)


async def chosen(jobs: ConcurrentQueue[str], done: ConcurrentQueue[int], stop: Event) -> None:
    job, end = jobs.popping(), stop.waiting()
    case, value = select(job, end, done.pushing(1), timeout=1)
    assert_type(value, str | bool | None)
    if case is end:
        return
    assert_type((await select_async(job, job))[1], str)
    assert_type(select(*[job, jobs.popping()]), tuple[Case[str], str])
    done.pushing("text")  # type: ignore[arg-type]


def chosen_too(
    items: ConcurrentDeque[str], flag: AtomicFlag, slots: ProcessSemaphore, limiter: RateLimiter
) -> None:
    assert_type(select(items.popping(), items.poppingleft())[1], str)
    assert_type(select(flag.waiting())[1], bool)
    assert_type(select(slots.acquiring(2), limiter.acquiring(n=2))[1], None)


async def limited(limiter: RateLimiter) -> None:
    with limiter as nothing:
        assert_type(nothing, None)
    async with limiter as nothing:
        assert_type(nothing, None)


async def locked(flag: AtomicFlag, lock: IntervalLock, shared: RWLock) -> None:
    assert_type(await flag.wait_async(1), bool)
    assert_type(await lock.acquire_async(timeout=1), bool)
    async with lock as entered, shared.read() as reading:
        assert_type(entered, IntervalLock)
        assert_type(reading, RWLock)
        await lock.poll_async()
    assert_type(await shared.acquire_write_async(False), bool)


async def grouped(jobs: Jobs) -> None:
    def work(text: str, times: int = 2) -> list[str]:
        return [text] * times

    with ThreadGroup() as group:
        assert_type(group.register(jobs), Jobs)
        assert_type(group.start(work, "text", 3), GroupThread[list[str]])
        assert_type(group.start(work, "text", times=3).result(1), list[str])
        assert_type(group.start(abs, -3, name="abs").result(), int)
        group.start(work, 3)  # type: ignore[arg-type]
        group.start(work, "text", name=3)  # type: ignore[call-arg]
        group.register([])  # type: ignore[type-var]
    async with ThreadGroup() as group:
        assert_type(await group.start(work, "text").result_async(), list[str])
        assert_type(group.stopping, Event)
    jobs.put(len(group.results()))


def kept(pages: ConcurrentCache[str, bytes]) -> None:
    assert_type(pages["key"], bytes)
    assert_type(pages.get("key"), bytes | None)
    assert_type(pages.peek("key", 0), bytes | int)
    assert_type(pages.get_or_compute("key", lambda: b"", ttl=1), bytes)
    assert_type(pages.stats().hits, int)
    pages.put("key", b"", ttl=1.5)
    pages["key"] = "text"  # type: ignore[assignment]


async def fetched(pages: ConcurrentCache[str, bytes]) -> None:
    async def fetch() -> bytes:
        return b""

    assert_type(await pages.get_or_compute_async("key", fetch), bytes)


@cached
def zoomed(text: str, times: int = 2) -> list[str]:
    return [text] * times


@cached(1000, ttl=60)
async def downloaded(url: str) -> bytes:
    return url.encode()


class Site:
    @cached(maxsize=None)
    def page(self, number: int) -> str:
        return str(number)

    @staticmethod
    @cached
    def title(number: int) -> str:
        return str(number)


async def decorated(site: Site) -> None:
    """Decorated functions keep their signatures."""
    assert_type(zoomed("a", times=3), list[str])
    assert_type(zoomed.cache_invalidate("a"), bool)
    assert_type(zoomed.cache_info().currsize, int)
    assert_type(await downloaded("url"), bytes)
    assert_type(site.page(3), str)
    assert_type(Site.page(site, number=3), str)
    assert_type(Site.title(3), str)
    assert_type(site.page.cache_invalidate(3), bool)
    zoomed(3)  # type: ignore[arg-type]
    zoomed.cache_key()  # type: ignore[call-arg]
    site.page("three")  # type: ignore[arg-type]
