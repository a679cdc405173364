"""The coroutine of ``get_or_insert_async`` and of ``ConcurrentCache.get_or_compute_async``."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class _Computation(Protocol):
    """The native side: DictComputation or CacheComputation, in Rust."""

    def claim(self) -> list[Any] | Awaitable[None]: ...
    def publish(self, value: _T, /) -> _T: ...
    def fail(self, error: BaseException, /) -> Any: ...
    def release(self) -> None: ...


async def compute_once(computation: _Computation, function: Callable[[], Awaitable[_T]]) -> _T:
    """Return the value of a key; call the function for it unless another task or thread does."""
    # This is shorter than 256 instructions, and must be: see test_short_handlers.
    try:
        while not isinstance(found := computation.claim(), list):
            await found
        value: _T
        if found:
            value = found[0]
        else:
            try:
                value = await function()
            except Exception as error:
                # A cache may still have an older value.
                value = computation.fail(error)
            else:
                value = computation.publish(value)
    finally:
        # If this task was cancelled or failed, one of the waiting tasks or threads takes over.
        computation.release()
    return value
