"""A thread of a ThreadGroup, with its result."""

from collections.abc import Callable
from threading import Thread
from typing import Any, Generic, NoReturn, TypeVar

from ft_utils._native import AtomicFlag, Event

_R = TypeVar("_R")


class GroupThread(Generic[_R]):
    """What ThreadGroup.start() returns: a thread, and its result."""

    def __init__(self, name: str, target: Callable[..., object], *args: Any) -> None:
        # The thread object drops its arguments when it has run.
        self._thread = Thread(target=target, args=(*args, self), name=name)
        # Set by the thread when it begins, or by start() if that fails before.
        self._begun = AtomicFlag(False)
        self._has_failed = False
        self._done = Event()
        self._error: BaseException | None = None
        self._value: _R

    @property
    def name(self) -> str:
        """The name of the thread."""
        return self._thread.name

    def done(self) -> bool:
        """Return whether the call of the thread has ended."""
        return self._done.is_set()

    def result(self, timeout: float | None = None) -> _R:
        """Wait until the call has ended; return what it returned, or raise what it raised.

        It raises Stopped if the thread has ended because the group was to stop, and TimeoutError if
        timeout seconds pass before.
        """
        return self._result(self._done.wait(timeout))

    async def result_async(self, timeout: float | None = None) -> _R:
        """Do what result() does in a coroutine: the task waits, not its thread."""
        return self._result(await self._done.wait_async(timeout))

    def __repr__(self) -> str:
        state = "running" if not self.done() else "returned" if self._error is None else "raised"
        return f"<ft_utils.{type(self).__name__} {self.name}: {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot copy or pickle a thread")

    def _result(self, done: bool) -> _R:
        try:
            if not done:
                raise TimeoutError(f"the thread {self.name} is still running")
            if self._error is not None:
                raise self._error
            return self._value
        finally:
            # The error's traceback has this frame.
            del self

    def _fail(self) -> None:
        """Note that start() has failed. If the thread runs nevertheless, it goes on."""
        if not self._begun.test_and_set():
            self._has_failed = True
            self._done.set()

    def _join(self) -> None:
        self._done.wait()
        self._end()

    async def _join_async(self) -> None:
        await self._done.wait_async()
        self._end()

    def _end(self) -> None:
        # Its call has ended, so the thread ends in a moment.
        if not self._has_failed:
            self._thread.join()
