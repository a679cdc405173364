"""Chunks that are with the workers of an executor, and their way there and back."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from contextvars import copy_context
from operator import index
from threading import current_thread
from time import perf_counter
from types import TracebackType
from typing import Any, Self, SupportsIndex

from ft_utils._flow.chunks import Broken, Clock, MayFail, Outcome, Work, run_chunk
from ft_utils._flow.cpus import available_cpus
from ft_utils._flow.default_executor import InPlace, default_executor
from ft_utils._flow.thread_group import ThreadGroup, run_in_group
from ft_utils._native import ConcurrentQueue, Stopped

# How long a chunk should take: so long that starting it costs little beside it. It costs more with
# an executor that has been given, which may be of processes, or far away.
_OWN, _GIVEN = 0.002, 0.01
# How long Ctrl-C waits for threads to end their call.
_PATIENCE = 0.03


class Chunk(MayFail):
    """Some items on their way, and the results when it has landed."""

    __slots__ = ("_results", "count", "future", "items", "number", "seconds", "what")

    def __init__(
        self, number: int, items: list[Any], count: int, seconds: float, what: Any
    ) -> None:
        # What fn has raised is the error.
        super().__init__()
        self.number = number
        self.items = items
        # How many items of the user are in it.
        self.count = count
        # What its sender wants to find with it.
        self.what = what
        self.future: Future[Outcome] | None = None
        # How long it took to draw the items, or to work on them if that took longer.
        self.seconds = seconds
        self._results: list[Any] = []

    def open(self) -> None:
        """Take out of the future what it has."""
        assert self.future is not None
        if self.future.cancelled():
            self.error = CancelledError()
        elif (error := self.future.exception()) is None:
            self._results, seconds = self.future.result()
            self.seconds = max(self.seconds, seconds)
        elif isinstance(error, Broken):
            self._results, self.error = error.results, error.error
            if self.error.__cause__ is None and error.__cause__ is not self.error:
                # The text of the traceback in another process.
                self.error.__cause__ = error.__cause__
        else:
            self.error = error
        self.future, self.items = None, []

    def take_results(self) -> list[Any]:
        """Return the results, and keep none."""
        results, self._results = self._results, []
        return results


class Flight:
    """The chunks that are with the workers, from the beginning of a call to its end.

    Every call of fn is made by the executor that was given, or by threads that begin and end with
    the flight. Those belong to a ThreadGroup, so that waits in fn end if the flight ends early.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        executor: Executor | None = None,
        n_threads: SupportsIndex | None = None,
        chunk_size: SupportsIndex | None = None,
        progress: Callable[[int], object] | None = None,
        clock: Clock = perf_counter,
    ) -> None:
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn)}")
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be callable, not {type(progress)}")
        if executor is not None and not callable(getattr(executor, "submit", None)):
            raise TypeError(f"executor must have a method submit(), not {type(executor)}")
        self._fn = fn
        self._given = executor
        self.n_threads = _positive("n_threads", n_threads) or _workers(executor)
        self.chunk_size = _positive("chunk_size", chunk_size)
        self._progress = progress
        self.clock = clock
        self.target = _OWN if executor is None else _GIVEN
        self._executor: Executor
        # Whether the reader is a thread of the executor.
        self._is_nested = False
        self._group: ThreadGroup | None = None
        # Those that have been sent and have not landed, by number.
        self._flying: dict[int, Chunk] = {}
        self._landed: ConcurrentQueue[Chunk] = ConcurrentQueue()
        self._sent = 0
        # Chunks with higher numbers do not begin any more.
        self._limit: float = float("inf")
        self._done = 0

    @property
    def window(self) -> int:
        """How many chunks may be on their way or wait to be read."""
        return 1 if isinstance(self._executor, InPlace) else 4 * self.n_threads

    @property
    def has_room(self) -> bool:
        """Whether another chunk may be sent, if each that has been received is done with."""
        return len(self._flying) < self.window

    @property
    def is_stopping(self) -> bool:
        """Whether no more chunks are to be sent, because one has failed."""
        return self._limit != float("inf")

    @property
    def is_empty(self) -> bool:
        """Whether all chunks that have been sent have been received."""
        return not self._flying

    def __enter__(self) -> Self:
        if self._given is not None:
            self._executor = self._given
            self._is_nested = current_thread() in getattr(self._given, "_threads", ())
        else:
            group = ThreadGroup()
            group._open()
            self._group = group
            self._executor = default_executor(self.n_threads)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all that is still under way. Threads of the flight have ended then, too."""
        group = self._group
        try:
            futures = [chunk.future for chunk in self._flying.copy().values()]
            self._empty_after(-1)
            if not isinstance(error, BrokenExecutor):
                self.cancel_after(-1)
            if group is None:
                return
            if kind is not None:
                group.stop()
            if error is not None and not isinstance(error, Exception | GeneratorExit | Stopped):
                # The user is waiting. A thread ends after the call of fn that it is in.
                running = wait((future for future in futures if future), _PATIENCE).not_done
                self._shut_down(wait=not running)
            else:
                self._shut_down(wait=True)
        except BaseException:
            # Ctrl-C once more.
            if group is not None:
                group.stop()
                self._shut_down(wait=False)
            raise
        finally:
            # Those that nobody has received: their futures call back with them.
            for chunk in self._flying.copy().values():
                chunk.future = None
            self._flying.clear()
            if group is not None:
                group._close()
            # The traceback of the error has this frame.
            del error

    def _shut_down(self, wait: bool) -> None:
        # A group around this one that stops has stopped the calls, and does not end this wait.
        with ThreadGroup.shield():
            self._executor.shutdown(wait=wait)

    def send(
        self, work: Work, items: list[Any], count: int, seconds: float, what: Any = None
    ) -> None:
        """Give items to a worker."""
        chunk = Chunk(self._sent, items, count, seconds, what)
        self._sent += 1
        job: tuple[Any, ...] = (run_chunk, work, self._fn, items, self.clock)
        if self._group is not None:
            # Not with other executors: it could not be sent to another process.
            job = (copy_context().run, run_in_group, self._group, *job)
        self._flying[chunk.number] = chunk
        try:
            chunk.future = self._executor.submit(*job)
        except BaseException:
            # If Ctrl-C came when the executor had taken it, nobody knows its future.
            items.clear()
            del self._flying[chunk.number]
            raise
        if chunk.number > self._limit:
            # The failure of another one may not have seen this one.
            items.clear()
        chunk.future.add_done_callback(lambda future: self._land(chunk, future))

    def receive(self) -> Chunk:
        """Wait for a chunk that has landed, in whichever order."""
        if self._is_nested and self._landed.empty():
            self._help()
        chunk = self._landed.pop()
        del self._flying[chunk.number]
        chunk.open()
        if chunk.error is not None and not isinstance(chunk.error, BrokenExecutor):
            self.cancel_after(chunk.number)
        return chunk

    def _help(self) -> None:
        # Executors whose workers do other work while they wait do so if they wait for a future.
        for chunk in self._flying.values():
            if chunk.future is not None:
                with suppress(CancelledError):
                    chunk.future.exception()
            break

    def report(self, count: int) -> None:
        """Tell the user that so many more items are done."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done)

    def cancel_after(self, number: int) -> None:
        """Cancel the chunks with higher numbers, as far as they have not begun.

        An executor that is broken cancels them itself, and before Python 3.12 that of processes
        fails if others do so meanwhile.
        """
        for chunk in self._flying.copy().values():
            if chunk.number > number and chunk.future is not None:
                chunk.future.cancel()

    def _land(self, chunk: Chunk, future: "Future[Outcome]") -> None:
        # This runs in the thread of the worker, before it takes the next chunk.
        self._landed.push(chunk)
        if future.cancelled() or future.exception() is not None:
            self._empty_after(chunk.number)

    def _empty_after(self, number: int) -> None:
        """Take the items out of chunks with higher numbers, so that those end, or do nothing.

        The lists in other processes are others.
        """
        if number < self._limit:
            self._limit = number
            for chunk in self._flying.copy().values():
                if chunk.number > number:
                    chunk.items.clear()


def _positive(name: str, number: SupportsIndex | None) -> int | None:
    if number is None:
        return None
    if (number := index(number)) < 1:
        raise ValueError(f"{name} must be positive, not {number}")
    return number


def _workers(executor: Executor | None) -> int:
    # The executors of the standard library have it, though not for us.
    workers = getattr(executor, "_max_workers", None)
    return workers if isinstance(workers, int) and workers > 0 else available_cpus()
