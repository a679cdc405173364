"""RWLock, IntervalLock, ProcessSemaphore."""

from collections.abc import Iterator

from benchmarks.cell import (
    AIOLOGIC,
    ALL,
    BOTH,
    CEREGGII,
    CULSANS,
    HANDLE,
    OURS,
    PYSYNC,
    REFERENCE,
    SCALING,
    STD,
    Cell,
    loop,
    same,
)

RW = "from ft_utils.synchronization import RWLock, RWReadContext, RWWriteContext\nx = RWLock()\n"
INTERVAL = "from ft_utils.synchronization import IntervalLock\nx = IntervalLock()\n"
# What locks for reading, or for writing, is an object of its own there.
RW_CEREGGII = {
    name: f"from cereggii.locks import ReadersWriterLock\nx = ReadersWriterLock().{method}()"
    for name, method in (("read", "reader"), ("write", "writer"))
}
RW_CULSANS = {
    name: f"from culsans import RWLock\nx = RWLock().{attribute}"
    for name, attribute in (("read", "reading"), ("write", "writing"))
}
RW_PYSYNC = "from pysync import RwLock\nx = RwLock()\n"
LOCK = "from threading import Lock\nx = Lock()\n"
SEMAPHORE_AIOLOGIC = "from aiologic import Semaphore\nx = Semaphore(100)\n"
SEMAPHORE = "from ft_utils.concurrency import ProcessSemaphore\nx = ProcessSemaphore(100)\n"

ACQUIRE = loop("x.acquire(); x.release()")
GREEN_ACQUIRE = loop("x.green_acquire(); x.green_release()")


def cells() -> Iterator[Cell]:
    for name, statement in [
        ("read", "x.lock_read(); x.unlock_read()"),
        ("write", "x.lock_write(); x.unlock_write()"),
    ]:
        ways = same(ALL, RW, loop(statement))
        ways |= same((CEREGGII,), RW_CEREGGII[name], ACQUIRE)
        ways |= same((CULSANS,), RW_CULSANS[name], GREEN_ACQUIRE)
        ways |= same((STD,), LOCK, ACQUIRE)
        yield Cell(f"rwlock: {name}", ways, SCALING, only_scale=True)
    for name, context in [("read", "RWReadContext"), ("write", "RWWriteContext")]:
        body = loop("with x:\n        pass")
        ways = same(BOTH, f"{RW}lock = x\nx = {context}(lock)", body)
        ways |= same((CEREGGII,), RW_CEREGGII[name], body)
        ways |= same((CULSANS,), RW_CULSANS[name], body)
        # It locks in no other way than this.
        ways |= same((PYSYNC,), RW_PYSYNC, loop(f"with x.{name}():\n        pass"))
        ways |= same((STD,), LOCK, body)
        yield Cell(f"rwlock: with {name}", ways, only_scale=True)
    yield from _mixes()
    yield from _interval()
    yield from _semaphore()


def _mixes() -> Iterator[Cell]:
    """Yield cells in which a thread reads several times for each time that it writes."""
    cereggii = (
        "from cereggii.locks import ReadersWriterLock\nlock = ReadersWriterLock()\n"
        "x, writer = lock.reader(), lock.writer()"
    )
    for name, every in (("one write in a hundred", 100), ("one write in ten", 10)):

        def mix(read: str, write: str, every: int = every) -> str:
            reads = f"for _ in repeat(None, {every - 1}):\n        {read}"
            return f"for _ in repeat(None, n // {every}):\n    {reads}\n    {write}"

        body = mix("x.lock_read(); x.unlock_read()", "x.lock_write(); x.unlock_write()")
        ways = same((OURS, HANDLE, REFERENCE), RW, body)
        body = mix("x.acquire(); x.release()", "writer.acquire(); writer.release()")
        ways |= same((CEREGGII,), cereggii, body)
        body = mix("with x.read():\n            pass", "with x.write():\n            pass")
        ways |= same((PYSYNC,), RW_PYSYNC, body)
        read = "x.reading.green_acquire(); x.reading.green_release()"
        write = "x.writing.green_acquire(); x.writing.green_release()"
        body = mix(read, write)
        ways |= same((CULSANS,), "from culsans import RWLock\nx = RWLock()", body)
        yield Cell(f"rwlock: {name}", ways, SCALING, step=every)


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
    of_aiologic = loop("await x.async_acquire(); x.async_release()")
    ways |= same((AIOLOGIC,), SEMAPHORE_AIOLOGIC, of_aiologic)
    ways |= same((STD,), "from asyncio import Semaphore\nx = Semaphore(100)", async_body)
    yield Cell("semaphore: await acquire", ways)
    ways = same((OURS, HANDLE), SEMAPHORE, loop("x.acquire_sync(); x.release()"))
    ways |= same((AIOLOGIC,), SEMAPHORE_AIOLOGIC, GREEN_ACQUIRE)
    ways |= same((STD,), "from threading import Semaphore\nx = Semaphore(100)", ACQUIRE)
    yield Cell("semaphore: acquire_sync", ways, SCALING)
