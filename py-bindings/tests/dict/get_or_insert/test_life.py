"""get_or_insert(): nothing is kept."""

import asyncio
import gc
import weakref

from ft_utils.concurrency import ConcurrentDict
from helpers.loops import run, started
from helpers.objects import Thing, collected

from .shared import coroutine_function


def test_nothing_is_kept():
    class Key(Thing):
        pass

    d, key, value = ConcurrentDict(), Key(), Thing()
    dead = [weakref.ref(each) for each in (d, key, value)]
    contents = [value]

    async def factory():
        await asyncio.sleep(0)
        return contents.pop()

    async def main(d, key):
        await asyncio.gather(*(d.get_or_insert_async(key, factory) for _ in range(3)))

    run(main(d, key))
    d[1] = d.get_or_insert_async(2, factory)
    d[1].close()
    del d, key, value
    assert all(collected(each) for each in dead)


def test_forgotten_leader_hands_over():
    d = ConcurrentDict()

    async def never():
        await asyncio.get_running_loop().create_future()

    async def main():
        coroutine = d.get_or_insert_async("key", never)
        coroutine.send(None)
        [follower] = await started(d.get_or_insert_async("key", coroutine_function), rounds=3)
        del coroutine
        gc.collect()
        return await follower

    assert run(main()) == 5
