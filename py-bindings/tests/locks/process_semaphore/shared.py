"""Helpers for the tests in this folder."""

import asyncio
import time

from helpers.limits import LONG


def waiting(semaphore):
    """Return how many wait."""
    text = repr(semaphore)
    return int(text.split("free, ")[1].split()[0]) if "waiting" in text else 0


async def until(condition):
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0)


async def queued(semaphore, n=1):
    """Start n tasks that acquire, and return them when all of them wait."""
    before = waiting(semaphore)
    tasks = []
    for _ in range(n):
        tasks.append(asyncio.create_task(semaphore.acquire()))
        await until(lambda: waiting(semaphore) == before + len(tasks))
    return tasks


def all_free(semaphore):
    slots = int(repr(semaphore).split(" of ")[1].split()[0])
    return semaphore.value == slots and not waiting(semaphore)


def waits_in(loop, coroutine):
    """Let a coroutine wait in a loop, and return it."""

    async def begin():
        coroutine.send(None)

    loop.run_until_complete(begin())
    return coroutine
