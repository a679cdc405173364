"""get_or_insert(): leaders that fail, and followers that are cancelled."""

import asyncio

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.loops import run, started
from helpers.threads import Task


@pytest.mark.parametrize("how", ["fails", "is cancelled", "is closed"])
def test_failed_leader_hands_over(how):
    d, calls = ConcurrentDict(), []

    async def never():
        calls.append("never")
        await asyncio.get_running_loop().create_future()

    async def fails():
        calls.append("fails")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise LookupError("the leader")

    async def second():
        calls.append("second")
        return 2

    async def main():
        if how == "is closed":
            coroutine = d.get_or_insert_async("key", never)
            coroutine.send(None)
        else:
            first = fails if how == "fails" else never
            [leader] = await started(d.get_or_insert_async("key", first), rounds=3)
        followers = [asyncio.create_task(d.get_or_insert_async("key", second)) for _ in range(5)]
        thread = Task(d.get_or_insert, "key", lambda: calls.append("second") or 2)
        if how == "is closed":
            await asyncio.sleep(0)
            coroutine.close()
        elif how == "is cancelled":
            await asyncio.sleep(0)
            leader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leader
        else:
            with pytest.raises(LookupError, match="the leader"):
                await leader
        assert await asyncio.gather(*followers) == [2] * 5
        return await asyncio.to_thread(thread.result)

    assert run(main()) == 2
    assert calls == ["fails" if how == "fails" else "never", "second"]


def test_cancelled_follower_changes_nothing():
    d = ConcurrentDict()

    async def main():
        made = asyncio.get_running_loop().create_future()

        async def factory():
            return await made

        leader, *followers = await started(
            *(d.get_or_insert_async("key", factory) for _ in range(3)), rounds=3
        )
        followers[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await followers[0]
        made.set_result("made")
        return await leader, await followers[1]

    assert run(main()) == ("made", "made")


def test_key_is_stored_meanwhile():
    d = ConcurrentDict()

    async def factory():
        d["key"] = "theirs"
        return "ours"

    async def main():
        return await d.get_or_insert_async("key", factory)

    assert run(main()) == "theirs"
    assert d == {"key": "theirs"}
