"""The iterator that a LocalWrapper gives to an ``await`` expression."""

from collections.abc import Awaitable, Generator
from typing import Any, TypeVar

_T = TypeVar("_T")


async def _result(awaitable: Awaitable[_T]) -> _T:
    return await awaitable


def awaiting(awaitable: Awaitable[_T]) -> Generator[Any, Any, _T]:
    """Return the iterator of ``__await__``, also for awaitables without that method."""
    return _result(awaitable).__await__()
