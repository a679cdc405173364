"""The coroutines that ``Condition.wait_async`` and ``wait_for_async`` return."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class _Wait(Protocol):
    """The native side: the class ``ConditionWait``, in Rust."""

    def listen(self) -> Coroutine[Any, Any, bool]: ...
    def release(self) -> None: ...
    def acquire(self) -> Awaitable[object]: ...
    def pass_on(self) -> None: ...
    def test(self, predicate: Callable[[], _T], /) -> tuple[_T, bool]: ...


async def wait_async(wait: _Wait) -> bool:
    """Release the lock, wait until notified, take the lock again; return whether notified."""
    place = wait.listen()
    try:
        wait.release()
    except BaseException:
        place.close()
        raise
    notified = False
    try:
        try:
            notified = await place
        finally:
            await _acquire_again(wait)
    except BaseException:
        if notified:
            wait.pass_on()
        raise
    return notified


async def wait_for_async(wait: _Wait, predicate: Callable[[], _T]) -> _T:
    """Wait until the predicate is true; return its result."""
    while not (tested := wait.test(predicate))[1]:
        await wait_async(wait)
    return tested[0]


async def _acquire_again(wait: _Wait) -> None:
    """Take the lock. A task that is cancelled meanwhile is told when it has the lock."""
    # Imported by now, as a task runs. Importing it with ft_utils would take long.
    from asyncio import CancelledError

    cancelled = None
    while True:
        try:
            await wait.acquire()
            break
        except CancelledError as error:
            cancelled = error
    if cancelled is not None:
        try:
            raise cancelled
        finally:
            # The traceback of the exception would lead back to this frame.
            cancelled = None
