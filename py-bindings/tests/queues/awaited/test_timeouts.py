"""The coroutines of all queues: timeouts, and the timers of the loop."""

import asyncio

import pytest
from ft_utils.concurrency import Empty, Full
from helpers.limits import LONG
from helpers.loops import run, started

from queues.kinds import EACH


@EACH
def test_timeouts(kind):
    q = kind(maxsize=1)

    async def main():
        for timeout in (0, 0.0, 0.001):
            with pytest.raises(Empty) as caught:
                await q.get_async(timeout)
            assert caught.value.args == ()
        q.push(1)
        for timeout in (0, 0.001):
            with pytest.raises(Full) as caught:
                await q.put_async(2, timeout)
            assert caught.value.args == ()
        assert await q.get_async(timeout=LONG) == 1
        # In time.
        (task,) = await started(q.get_async(timeout=LONG))
        q.push(3)
        assert await task == 3
        # From the call, not from the await.
        late = q.get_async(timeout=0.01)
        await asyncio.sleep(0.02)
        with pytest.raises(Empty):
            await late
        # An item that is there is worth more than a deadline.
        late = q.get_async(timeout=0)
        q.push(4)
        assert await late == 4
        # Longer than any clock.
        (task,) = await started(q.get_async(timeout=1e300))
        q.push(5)
        assert await task == 5

    run(main())


@EACH
def test_timed_out_get_takes_no_wake_up(kind):
    q = kind()

    async def main():
        # Not all started(): the first may be over by then.
        first, second = map(asyncio.create_task, (q.get_async(timeout=0.001), q.get_async()))
        with pytest.raises(Empty):
            await first
        q.push(1)
        assert await second == 1

    run(main())


@EACH
@pytest.mark.parametrize("timeout", [-1, float("nan"), "1"])
def test_bad_timeouts(kind, timeout):
    q = kind()
    q.push(1)
    for call in (q.get_async, q.pop_async, lambda t: q.put_async(1, t)):
        with pytest.raises((ValueError, TypeError)):
            call(timeout)
    assert q.size() == 1


@EACH
def test_timers_are_cancelled(kind):
    q = kind()

    async def main():
        loop = asyncio.get_running_loop()
        tasks = await started(*[q.get_async(timeout=LONG) for _ in range(3)])
        before = len([timer for timer in loop._scheduled if not timer.cancelled()])
        q.push(1)
        await tasks[0]
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        after = len([timer for timer in loop._scheduled if not timer.cancelled()])
        assert before - after == 3

    run(main())
