"""The block of an ``async with ThreadGroup()``."""

import asyncio
from contextlib import suppress


class Body:
    """The task that is in the block, and is cancelled if the group stops meanwhile.

    A task counts the requests to cancel it, and what requests must take its request back. So the
    request of the group is told from those of others, as asyncio.TaskGroup does it.
    """

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("async with ThreadGroup() needs a task")
        self._task = task
        self._loop = asyncio.get_running_loop()
        self._has_cancelled = False
        self._has_ended = False
        # The cancellation by others.
        self.cancelled: asyncio.CancelledError | None = None

    def stop(self) -> None:
        """Cancel the block soon. Any thread may call this."""
        # If the loop is closed, the block has ended.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)

    def end(self, error: BaseException | None) -> None:
        """Note that the block has ended, and how."""
        self._has_ended = True
        left = self._task.uncancel() if self._has_cancelled else self._task.cancelling()
        if isinstance(error, asyncio.CancelledError) and not (self._has_cancelled and left == 0):
            self.cancelled = error

    async def settle(self) -> None:
        """Let the cancellation by the group come, if it was requested when the block had ended.

        From Python 3.13 on it does not come, because the request was taken back.
        """
        if self._has_cancelled:
            await asyncio.sleep(0)

    def is_cancelled(self, error: asyncio.CancelledError) -> bool:
        """Note a cancellation after the block; return whether it is the first one by others."""
        # See settle().
        if self._task.cancelling() == 0:
            return False
        first, self.cancelled = self.cancelled is None, error
        return first

    def cancel_again(self) -> None:
        """Cancel the task again, whose cancellation gives way to another error."""
        self._task.uncancel()
        self._task.cancel()

    def _cancel(self) -> None:
        if not (self._has_ended or self._has_cancelled):
            self._has_cancelled = True
            self._task.cancel()
