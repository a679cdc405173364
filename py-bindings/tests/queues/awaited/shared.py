"""What the tests of this folder share."""

import asyncio

import pytest
from ft_utils.concurrency import (
    ConcurrentQueue,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)
from helpers.limits import LONG

STD = [StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue]
KINDS = pytest.mark.parametrize("kind", [ConcurrentQueue, *STD])
STD_KINDS = pytest.mark.parametrize("kind", STD)


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


async def started(*coroutines):
    """Start tasks, and return them when each of them waits."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    # A task begins in the next round of its loop, and nothing here keeps it from waiting there.
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


def left_in_a_closed_loop(coroutine):
    """Let a coroutine wait in a loop that is then closed."""
    loop = asyncio.new_event_loop()

    async def begin():
        coroutine.send(None)

    loop.run_until_complete(begin())
    loop.close()
    return coroutine


class Ordered:
    """An item whose comparison can be told to fail, or to do something first."""

    def __init__(self, value, before=lambda: None):
        self.value = value
        self.before = before

    def __lt__(self, other):
        self.before()
        other.before()
        return self.value < other.value


class Refused(Exception):
    pass


def refuse():
    raise Refused
