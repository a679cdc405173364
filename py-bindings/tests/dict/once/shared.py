"""What the tests of this folder share."""


async def coroutine_function(*_args):
    return 5
