"""The coroutine that ``Once.call_async`` returns."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol


class _Computation(Protocol):
    """The native side: the class ``OnceComputation``, in Rust."""

    def claim(self) -> list[Any] | Awaitable[None]: ...
    def publish(self, value: Any, /) -> Any: ...
    def fail(self, error: BaseException, /) -> None: ...
    def release(self) -> None: ...


async def call_async(computation: _Computation, function: Callable[[], Any]) -> Any:
    """Return the result of a function; call the function unless another task or thread does."""
    try:
        return await _claim(computation, function)
    finally:
        # If this task was cancelled or failed, the next in line takes over.
        computation.release()


async def _claim(computation: _Computation, function: Callable[[], Any]) -> Any:
    while not isinstance(found := computation.claim(), list):
        await found
    return found[0] if found else await _compute(computation, function)


async def _compute(computation: _Computation, function: Callable[[], Any]) -> Any:
    try:
        value = function()
        if isinstance(value, Coroutine):
            value = await value
    except Exception as error:
        computation.fail(error)
        raise
    return computation.publish(value)
