"""What ``ConcurrentDict.get_or_insert_async`` returns."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class _Computation(Protocol):
    """The native side: the class of the same name in ``once.rs``."""

    def claim(self) -> list[Any] | Awaitable[None]: ...
    def publish(self, value: _T, /) -> _T: ...
    def release(self) -> None: ...


async def get_or_insert_async(
    computation: _Computation, factory: Callable[[], Awaitable[_T]]
) -> _T:
    """Return the value of a key, made by the factory if nobody else makes it."""
    try:
        while not isinstance(found := computation.claim(), list):
            await found
        return found[0] if found else computation.publish(await factory())
    finally:
        # Cancelled or failed: one of those who wait takes over.
        computation.release()
