"""RWLock, IntervalLock, ProcessSemaphore."""

from collections.abc import Iterator

from benchmarks.cell import (
    ALL,
    BOTH,
    HANDLE,
    OURS,
    REFERENCE,
    SCALING,
    STD,
    Cell,
    loop,
    same,
)

RW = "from ft_utils.synchronization import RWLock, RWReadContext, RWWriteContext\nx = RWLock()\n"
INTERVAL = "from ft_utils.synchronization import IntervalLock\nx = IntervalLock()\n"
LOCK = "from threading import Lock\nx = Lock()\n"
SEMAPHORE = "from ft_utils.concurrency import ProcessSemaphore\nx = ProcessSemaphore(100)\n"

ACQUIRE = loop("x.acquire(); x.release()")


def cells() -> Iterator[Cell]:
    for name, statement in [
        ("read", "x.lock_read(); x.unlock_read()"),
        ("write", "x.lock_write(); x.unlock_write()"),
    ]:
        ways = same(ALL, RW, loop(statement)) | same((STD,), LOCK, ACQUIRE)
        yield Cell(f"rwlock: {name}", ways, SCALING, only_scale=True)
    for name, context in [("read", "RWReadContext"), ("write", "RWWriteContext")]:
        body = loop("with x:\n        pass")
        ways = same(BOTH, f"{RW}lock = x\nx = {context}(lock)", body)
        ways |= same((STD,), LOCK, body)
        yield Cell(f"rwlock: with {name}", ways, only_scale=True)
    yield from _interval()
    yield from _semaphore()


def _interval() -> Iterator[Cell]:
    ways = same(ALL, INTERVAL, loop("x.lock(); x.unlock()")) | same((STD,), LOCK, ACQUIRE)
    yield Cell("interval lock: lock and unlock", ways, SCALING, only_scale=True)
    body = loop("with x:\n        pass")
    ways = same(BOTH, INTERVAL, body) | same((STD,), LOCK, body)
    yield Cell("interval lock: with", ways, only_scale=True)
    for statement in ("x.poll()", "x.cede()"):
        # Whoever runs the loop holds it.
        ways = same(BOTH, INTERVAL, loop(statement), prepare="x.lock()")
        yield Cell(f"interval lock: {statement}", ways)


def _semaphore() -> Iterator[Cell]:
    async_body = loop("await x.acquire(); x.release()")
    ways = same((OURS, HANDLE, REFERENCE), SEMAPHORE, async_body)
    ways |= same((STD,), "from asyncio import Semaphore\nx = Semaphore(100)", async_body)
    yield Cell("semaphore: await acquire", ways)
    ways = same((OURS, HANDLE), SEMAPHORE, loop("x.acquire_sync(); x.release()"))
    ways |= same((STD,), "from threading import Semaphore\nx = Semaphore(100)", ACQUIRE)
    yield Cell("semaphore: acquire_sync", ways, SCALING)
