"""Helpers for the tests in this folder."""

import asyncio


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
