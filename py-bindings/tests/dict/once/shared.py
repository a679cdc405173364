"""What the tests of this folder share."""

import asyncio

from helpers.limits import LONG


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


async def coroutine_function(*_args):
    return 5


async def started(*coroutines):
    """Start tasks, and return them when each of them waits."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks
