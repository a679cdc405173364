"""Event loops, and tasks that wait in them."""

import asyncio

from helpers.limits import LONG


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


async def started(*coroutines, rounds=1):
    """Start tasks, and return them when each of them waits.

    A task begins in the next round of its loop. Where it calls something else first, it takes more
    rounds until it waits.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(rounds):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks
