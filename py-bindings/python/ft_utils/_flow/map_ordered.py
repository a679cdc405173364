"""Results in the order of the items, from any executor, in bounded memory."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice, repeat
from operator import index
from threading import TIMEOUT_MAX
from time import monotonic
from typing import Any, NoReturn, SupportsIndex, TypeVar, overload

from ft_utils._flow.default_executor import executor_of_threads
from ft_utils._native import Event, IntervalLock

_T = TypeVar("_T")
_R = TypeVar("_R")


@overload
def map_ordered(
    executor: Executor | None,
    fn: Callable[[_T], _R],
    items: Iterable[_T],
    *,
    window: SupportsIndex = 64,
    timeout: float | None = None,
) -> "OrderedResults[_R]": ...
@overload
def map_ordered(
    executor: Executor | None,
    fn: Callable[[_T], _R],
    items: Iterable[_T],
    _window: SupportsIndex,
    /,
    *,
    timeout: float | None = None,
) -> "OrderedResults[_R]": ...
@overload
def map_ordered(
    executor: Executor | None,
    fn: Callable[..., _R],
    items: Iterable[Any],
    *more: Iterable[Any],
    window: SupportsIndex = 64,
    timeout: float | None = None,
) -> "OrderedResults[_R]": ...
def map_ordered(
    executor: Executor | None,
    fn: Callable[..., _R],
    items: Iterable[Any],
    *more: Any,
    window: SupportsIndex = 64,
    timeout: float | None = None,
) -> "OrderedResults[_R]":
    """Return an iterator of fn(item) for each item, in the order of the items.

    The executor makes the calls; if it is None, a WorkStealingExecutor of the iterator's own does,
    with a thread for each processor that the process may use. Those threads begin with the first
    calls, and end when there are no more calls: after the last item, or when the iterator ends. The
    end does not wait for a call that is running.

    >>> list(map_ordered(None, abs, [-1, 2, -3]))
    [1, 2, 3]

    map_ordered() submits the first window calls at once, and waits if
    drawing their items takes time; each result that is read makes room for another call. So at most
    window results are being computed or wait to be read, and there may be infinitely many items. A
    window of about twice the number of workers keeps all of them busy, unless some items take much
    longer than others.

    With more iterables, fn gets an item of each, until the shortest ends, as with map(). If timeout
    is given, reading a result that is not there timeout seconds after the call of map_ordered()
    raises TimeoutError.

    If fn, the items or the executor raise an exception (BrokenProcessPool, for example, or
    RuntimeError if the executor was shut down), it is raised in the place of the missing result,
    and ends the iterator. When the iterator ends, or is closed by close() or dropped, calls that
    have not begun are cancelled, and unread results are released.

    Coroutines read by "async for"; a task that is cancelled while it waits leaves the result to
    the next one. Threads and tasks may share the iterator: each result goes to one of them, in the
    order of the items.

    From Python 3.14 on, executor.map(fn, items, buffersize=window) has a bound, too. Threads cannot
    share its iterator. If the items or the executor fail, it raises the exception at once, and the
    results before it are lost. Executors of other libraries may lack the parameter.

    The executor can be any concurrent.futures.Executor: of threads, of processes, or of workers on
    other machines, such as a Dask cluster::

        from dask.distributed import Client

        with Client("scheduler.example.org:8786").get_executor() as executor:
            for result in map_ordered(executor, work, items, window=1000):
                ...

    Only the executor changes. With such an executor, fn, the items and the results have to be
    picklable.
    """
    # A fourth argument that is a number is the window: a number cannot be iterated over.
    if len(more) == 1 and isinstance(more[0], SupportsIndex) and not isinstance(more[0], Iterable):
        window, more = more[0], ()
    window = index(window)
    if window < 1:
        raise ValueError(f"window must be positive, not {window}")
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"timeout must not be negative or NaN: {timeout}")
    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn)}")
    own = None
    if executor is None:
        executor = own = executor_of_threads()
    calls = map(executor.submit, repeat(fn), iter(items), *map(iter, more))
    return OrderedResults(calls, window, timeout, own)


class OrderedResults(Iterator[_R], AsyncIterator[_R]):
    """The iterator that map_ordered() returns."""

    def __init__(
        self,
        calls: "Iterator[Future[_R]]",
        window: int,
        timeout: float | None,
        own: Executor | None,
    ) -> None:
        # The calls whose results no thread has asked for yet.
        self._pending: deque[Future[_R]] = deque()
        # Each step draws an item and submits the call for it.
        self._calls = calls
        # The executor, if nobody else has it.
        self._own = own
        self._window = window
        self._deadline = None if timeout is None else monotonic() + timeout
        # The thread or task that holds this lock draws items, and waits for the next result. So
        # the bound holds for all of them: the only call that is not pending is the awaited one.
        self._turn = IntervalLock()
        self._is_drawing = False
        self._is_closed = False
        self._draw()

    def __next__(self) -> _R:
        """Wait for the next result, and return it."""
        self._refuse_readers()
        try:
            if not self._turn.acquire(timeout=self._left()):
                raise TimeoutError(_NOT_YET)
            self._draw()
            if (future := self._take()) is None:
                raise StopIteration
            return self._result(future)
        finally:
            # The future has the exception, which refers to this frame: drop the future here.
            future = None
            self._end_turn()

    async def __anext__(self) -> _R:
        """Wait for the next result in a task, and return it."""
        self._refuse_readers()
        if not await self._turn.acquire_async(timeout=self._left()):
            raise TimeoutError(_NOT_YET)
        try:
            self._draw()
            if (future := self._take()) is None:
                raise StopAsyncIteration
            await self._until_done(future)
            return self._result(future)
        finally:
            # See __next__.
            future = None
            self._turn.release()

    def close(self) -> None:
        """Cancel all calls that have not begun, and end the iterator, for all threads.

        A thread that waits for a result still gets that one.
        """
        self._is_closed = True
        self._end_calls()
        while (future := self._take()) is not None:
            future.cancel()

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot copy or pickle the results of map_ordered(), which are read once")

    def _refuse_readers(self) -> None:
        """Raise an error in a thread or task that is reading a result already."""
        if self._turn._is_owned():
            if self._is_drawing:
                raise RuntimeError("the items of map_ordered() ask for its results")
            raise RuntimeError("this runs while its thread waits for a result of map_ordered()")

    def _end_turn(self) -> None:
        # Ctrl-C may come when the thread has just got the lock, or before.
        if self._turn._is_owned():
            self._turn.release()

    async def _until_done(self, future: "Future[_R]") -> None:
        """Wait until the call is done or the time is over; if cancelled, put the call back."""
        done = Event()
        future.add_done_callback(lambda _: done.set())
        try:
            await done.wait_async(self._left())
        except BaseException:
            self._pending.appendleft(future)
            if self._is_closed:
                # It was closed meanwhile, and this call was not seen.
                self.close()
            raise
        finally:
            # See __next__.
            del future

    def _draw(self) -> None:
        """Submit calls until the window is full."""
        self._is_drawing = True
        try:
            self._submit()
        except BaseException:
            self.close()
            raise
        finally:
            self._is_drawing = False
            if self._is_closed:
                # Another thread has closed it, and has not seen the calls submitted since then.
                self.close()

    def _submit(self) -> None:
        pending = self._pending
        try:
            # No variable here keeps an item alive.
            pending.extend(islice(self._calls, self._window - len(pending)))
            if len(pending) < self._window:
                # Do not ask again: each time, the other iterables would lose an item.
                self._end_calls()
        except Exception as error:
            # This frame refers to the failure by way of what is pending.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            # The failure is read in its turn, like any other result.
            pending.append(_failed(error))
            self._end_calls()

    def _end_calls(self) -> None:
        """Submit no more calls. Threads of this iterator's own end after those that there are."""
        self._calls = iter(())
        if self._own is not None:
            # This does not wait, so the collector may do it, in whichever thread.
            self._own.shutdown(wait=False)

    def _take(self) -> "Future[_R] | None":
        try:
            return self._pending.popleft()
        except IndexError:
            return None

    def _result(self, future: "Future[_R]") -> _R:
        try:
            return future.result(self._left())
        except BaseException:
            # If Ctrl-C ended the wait, the call may not have begun.
            future.cancel()
            self.close()
            raise
        finally:
            # See __next__.
            del future

    def _left(self) -> float | None:
        """Return how many seconds are left, or None for ever."""
        if self._deadline is None:
            return None
        return min(max(self._deadline - monotonic(), 0.0), TIMEOUT_MAX)


_NOT_YET = "another one still waits for the result before"


def _failed(error: Exception) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
