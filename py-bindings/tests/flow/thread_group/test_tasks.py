"""ThreadGroup in coroutines."""

import asyncio
import threading

import pytest
from ft_utils import ConcurrentQueue, Event, Stopped, ThreadGroup
from helpers.limits import LONG
from helpers.loops import run, started

from .shared import fail, sleep_on, until_all_sleep

pytestmark = pytest.mark.thread_unsafe(reason="starts threads")


def test_the_loop_goes_on():
    async def main():
        go, rounds = Event(), 0

        async def release():
            nonlocal rounds
            while rounds < 20:
                rounds += 1
                await asyncio.sleep(0)
            go.set()

        task = asyncio.create_task(release())
        async with ThreadGroup() as group:
            thread = group.start(go.wait)
            assert await group.start(int, 7).result_async() == 7
        assert group.results() == [True, 7]
        assert thread.result() is True
        await task
        assert rounds == 20

    run(main())


def test_error_of_a_thread_cancels_the_block():
    async def main():
        queue = ConcurrentQueue()
        with pytest.raises(ExceptionGroup) as caught:
            async with ThreadGroup() as group:
                group.start(sleep_on)
                group.start(fail, ValueError("bad"))
                await queue.pop_async()
                pytest.fail("the block goes on")
        (error,) = caught.value.exceptions
        assert str(error) == "bad"
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)
        queue.push(1)
        assert await queue.pop_async() == 1

    run(main())


def test_error_of_the_block():
    async def main():
        async with ThreadGroup() as group:
            group.start(sleep_on)
            await asyncio.sleep(0)
            raise KeyError("body")

    with pytest.raises(ExceptionGroup) as caught:
        run(main())
    assert [repr(error) for error in caught.value.exceptions] == ["KeyError('body')"]


def test_stop_is_no_error():
    async def main():
        async with ThreadGroup() as group:
            thread = group.start(sleep_on)
            group.stop()
            await asyncio.sleep(LONG)
        with pytest.raises(Stopped):
            await thread.result_async()
        await asyncio.sleep(0)

    run(main())


def test_stop_at_the_end_of_the_block():
    """The cancellation that comes too late does not cancel what comes after the block."""

    async def main():
        for _ in range(20):
            async with ThreadGroup() as group:
                group.start(group.stop)
            await asyncio.sleep(0)
        for _ in range(5):
            async with ThreadGroup() as group:
                group.stop()
                # The cancellation is requested, but has nothing to end.
                group._body._cancel()
            await asyncio.sleep(0)

    run(main())


def test_cancelled_from_outside():
    async def main():
        groups = []

        async def block():
            async with ThreadGroup() as group:
                groups.append(group)
                group.start(sleep_on)
                await asyncio.sleep(LONG)

        (task,) = await started(block())
        task.cancel("mine")
        with pytest.raises(asyncio.CancelledError, match="mine"):
            await task
        assert task.cancelled()
        assert groups[0].threads == []

    run(main())


def test_cancelled_while_it_waits_for_threads():
    async def main():
        go, groups = threading.Event(), []

        def stubborn():
            go.wait()

        async def block():
            async with ThreadGroup() as group:
                groups.append(group)
                group.start(stubborn)

        (task,) = await started(block(), rounds=3)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert groups[0].stopping.is_set()
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert groups[0].threads == []

    run(main())


def test_cancelled_with_an_error():
    """The error comes first, and the next await is cancelled."""

    async def main():
        def fails_late():
            try:
                sleep_on()
            finally:
                raise OSError("late")

        async def block():
            with pytest.raises(ExceptionGroup):
                async with ThreadGroup() as group:
                    group.start(fails_late)
                    until_all_sleep(group)
                    await asyncio.sleep(LONG)
            await asyncio.sleep(LONG)

        (task,) = await started(block())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_loop_in_a_thread_of_a_group():
    async def inner():
        async with ThreadGroup() as group:
            group.start(sleep_on)
            entered.set()
            await asyncio.sleep(LONG)

    entered = Event()
    with ThreadGroup() as outer:
        thread = outer.start(asyncio.run, inner())
        entered.wait()
        outer.stop()
    with pytest.raises(Stopped):
        thread.result()


def test_closed_while_it_waits_for_threads():
    """A coroutine that is closed cannot wait, but tells its threads to stop."""
    groups = []

    async def block():
        async with ThreadGroup() as group:
            groups.append(group)
            group.start(sleep_on)
            until_all_sleep(group)

    async def main():
        coroutine = block()
        coroutine.send(None)
        coroutine.close()

    run(main())
    (group,) = groups
    assert group.stopping.is_set()
    for thread in group._threads:
        thread._join()


def test_timeout():
    async def main():
        go = Event()
        async with ThreadGroup() as group:
            thread = group.start(go.wait)
            with pytest.raises(TimeoutError, match="still running"):
                await thread.result_async(0.001)
            with pytest.raises(TimeoutError, match="still running"):
                thread.result(0)
            go.set()

    run(main())


def test_without_a_task():
    coroutine = ThreadGroup().__aenter__()
    with pytest.raises(RuntimeError):
        coroutine.send(None)
