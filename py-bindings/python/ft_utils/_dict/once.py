"""The coroutine that ``ConcurrentDict.get_or_insert_async`` returns."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class _Computation(Protocol):
    """The native side: the class of the same name, in Rust."""

    def claim(self) -> list[Any] | Awaitable[None]: ...
    def publish(self, value: _T, /) -> _T: ...
    def release(self) -> None: ...


async def get_or_insert_async(
    computation: _Computation, factory: Callable[[], Awaitable[_T]]
) -> _T:
    """Return the value of a key; call the factory for it unless another task or thread does."""
    try:
        while not isinstance(found := computation.claim(), list):
            await found
        return found[0] if found else computation.publish(await factory())
    finally:
        # If this task was cancelled or failed, one of the waiting tasks or threads takes over.
        computation.release()
