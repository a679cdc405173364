"""ProcessSemaphore: acquire() in one loop."""

import asyncio
import inspect
import weakref

import pytest
from ft_utils.concurrency import ProcessSemaphore
from helpers.limits import LONG
from helpers.loops import run

from .shared import all_free


def test_acquire_takes_a_free_slot_without_suspending():
    semaphore = ProcessSemaphore(1)
    # No loop drives this: if it suspended, it would need one.
    with pytest.raises(StopIteration) as stopped:
        semaphore.acquire().send(None)
    assert stopped.value.value is None
    assert semaphore.locked()

    async def main():
        semaphore.release()
        task = asyncio.current_task()
        task.cancel()
        # A cancellation strikes at a suspension point; there is none on the way.
        assert await semaphore.acquire() is None
        assert semaphore.locked()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_async_with():
    semaphore = ProcessSemaphore(1)

    async def main():
        async with semaphore as bound:
            assert bound is None
            assert semaphore.locked()
        with pytest.raises(LookupError):
            async with semaphore:
                raise LookupError
        assert all_free(semaphore)
        task = asyncio.current_task()
        async with semaphore:
            task.cancel()
        # Leaving the block has no suspension point either.
        assert all_free(semaphore)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(0)

    run(main())


class Recording(ProcessSemaphore):
    """Overrides what threading.Semaphore and asyncio.Semaphore call at the ends of a block."""

    def __init__(self, value):
        super().__init__(value)
        self.calls = []

    async def acquire(self):
        await super().acquire()
        self.calls.append("acquire")

    def release(self):
        super().release()
        self.calls.append("release")


def test_blocks_call_what_is_overridden():
    s = Recording(1)
    with s:
        assert s.value == 0
    assert s.calls == ["release"]

    async def main():
        async with s as entered:
            assert entered is None
            assert s.calls == ["release", "acquire"]

    asyncio.run(main())
    assert s.calls == ["release", "acquire", "release"]
    assert s.value == 1


def test_block_whose_release_fails():
    class Failing(ProcessSemaphore):
        def release(self):
            raise LookupError

    s = Failing(2)
    with pytest.raises(LookupError), s:
        pass

    async def main():
        async with s:
            pass

    with pytest.raises(LookupError):
        asyncio.run(main())


def test_with_in_a_loop_is_refused():
    semaphore = ProcessSemaphore(1)

    async def main():
        with pytest.raises(RuntimeError, match="async with"), semaphore:
            pass

    run(main())
    assert all_free(semaphore)


def test_coroutines_are_coroutines():
    semaphore = ProcessSemaphore(4)

    async def main():
        coroutine = semaphore.acquire()
        assert asyncio.iscoroutine(coroutine)
        assert inspect.isawaitable(coroutine)
        assert coroutine.__name__ == "acquire"
        assert coroutine.__qualname__ == "ProcessSemaphore.acquire"
        assert "ProcessSemaphore.acquire" in repr(coroutine)
        assert weakref.ref(coroutine)() is coroutine
        task = asyncio.create_task(coroutine)
        assert "ProcessSemaphore.acquire" in repr(task)
        await task
        with pytest.raises(RuntimeError, match="cannot reuse"):
            await coroutine
        with pytest.raises(RuntimeError, match="cannot reuse"):
            coroutine.throw(ValueError)
        coroutine.close()
        await asyncio.gather(semaphore.acquire(), semaphore.acquire())
        await asyncio.wait_for(semaphore.acquire(), LONG)
        assert semaphore.locked()

    run(main())
