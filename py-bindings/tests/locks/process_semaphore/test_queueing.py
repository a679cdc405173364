"""ProcessSemaphore: the order of tasks, and cancelled tasks."""

import asyncio

import pytest
from ft_utils.concurrency import ProcessSemaphore
from helpers.loops import run

from .shared import all_free, queued, until, waiting


def test_first_come_first_served():
    semaphore = ProcessSemaphore(1)
    order = []

    async def work(n):
        async with semaphore:
            order.append(n)
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*map(work, range(50)))

    run(main())
    assert order == list(range(50))
    assert all_free(semaphore)


def test_newcomer_does_not_overtake():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        (first,) = await queued(semaphore)
        semaphore.release()
        # The slot is the first one's, though its task has not run yet.
        assert semaphore.locked()
        assert not semaphore.try_acquire()
        (second,) = await queued(semaphore)
        assert first.done()
        assert not second.done()
        semaphore.release()
        await second
        semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_cancelled_in_the_queue():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        tasks = await queued(semaphore, 3)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        assert waiting(semaphore) == 2
        semaphore.release()
        await tasks[0]
        semaphore.release()
        await tasks[2]
        semaphore.release()

    run(main())
    assert all_free(semaphore)


@pytest.mark.parametrize("next_one", [True, False])
def test_cancelled_after_hand_over(next_one):
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        tasks = await queued(semaphore, 1 + next_one)
        semaphore.release()
        assert semaphore.locked()
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        if next_one:
            await tasks[1]
            semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_cancelled_before_it_began():
    semaphore = ProcessSemaphore(1)

    async def main():
        task = asyncio.create_task(semaphore.acquire())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert all_free(semaphore)


@pytest.mark.parametrize("served", [False, True])
@pytest.mark.parametrize("how", ["close", "throw", "throw3", "destroy"])
def test_coroutine_ends_early(how, served):
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        coroutine.send(None)
        assert waiting(semaphore) == 1
        if served:
            semaphore.release()
            assert semaphore.locked()
        if how == "close":
            coroutine.close()
            coroutine.close()
        elif how == "throw":
            with pytest.raises(KeyError, match="why"):
                coroutine.throw(KeyError("why"))
        elif how == "throw3":
            with pytest.raises(KeyError, match="why"):
                coroutine.throw(KeyError, "why", None)
        del coroutine
        assert waiting(semaphore) == 0
        assert semaphore.locked() is not served
        if not served:
            semaphore.release()

    run(main())
    assert all_free(semaphore)


def test_driven_wrongly():
    semaphore = ProcessSemaphore(1)

    async def main():
        await semaphore.acquire()
        coroutine = semaphore.acquire()
        task = asyncio.create_task(coroutine)
        await until(lambda: waiting(semaphore))
        with pytest.raises(RuntimeError, match="being awaited already"):
            await coroutine
        with pytest.raises(TypeError):
            coroutine.throw(5)
        # It waits all the same.
        semaphore.release()
        await task
        semaphore.release()

    run(main())
    assert all_free(semaphore)
    semaphore.try_acquire()
    with pytest.raises(RuntimeError, match="no running event loop"):
        semaphore.acquire().send(None)
    assert waiting(semaphore) == 0
