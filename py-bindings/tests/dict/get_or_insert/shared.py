"""Helpers for the tests in this folder."""


async def coroutine_function(*_args):
    return 5
