"""Results in the order of the items, from any executor, in bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice, repeat
from operator import index
from threading import TIMEOUT_MAX, RLock
from time import monotonic
from typing import Any, NoReturn, SupportsIndex, TypeVar, overload

_T = TypeVar("_T")
_R = TypeVar("_R")


@overload
def map_ordered(
    executor: Executor,
    fn: Callable[[_T], _R],
    items: Iterable[_T],
    *,
    window: SupportsIndex = 64,
    timeout: float | None = None,
) -> "OrderedResults[_R]": ...
@overload
def map_ordered(
    executor: Executor,
    fn: Callable[[_T], _R],
    items: Iterable[_T],
    _window: SupportsIndex,
    /,
    *,
    timeout: float | None = None,
) -> "OrderedResults[_R]": ...
@overload
def map_ordered(
    executor: Executor,
    fn: Callable[..., _R],
    items: Iterable[Any],
    *more: Iterable[Any],
    window: SupportsIndex = 64,
    timeout: float | None = None,
) -> "OrderedResults[_R]": ...
def map_ordered(
    executor: Executor,
    fn: Callable[..., _R],
    items: Iterable[Any],
    *more: Any,
    window: SupportsIndex = 64,
    timeout: float | None = None,
) -> "OrderedResults[_R]":
    """Return an iterator of fn(item) for each item, in the order of the items.

    The calls are made by an executor. The first window calls are submitted at once, for which
    map_ordered() waits if the items do; each result that is read makes room for another call. So at
    most window results are being computed or wait to be read, and there may be infinitely many
    items. A window of about twice the number of workers keeps all of them busy, unless some items
    take much longer than others.

    With more iterables fn gets an item of each, until the shortest ends, as with map(). If timeout
    is given, a result that is not there timeout seconds after the call of map_ordered() is a
    TimeoutError.

    An exception, of fn, of items, or of the executor (BrokenProcessPool, say, or RuntimeError if
    it was shut down), is raised in the place of the result that is missing, and ends the iterator.
    When the iterator ends, is closed by close() or dropped, calls that have not begun are
    cancelled, and results that nobody has read are released.

    Threads may share the iterator: each result goes to one of them, in the order of the items.

    executor.map(fn, items, buffersize=window) has a bound, too, from Python 3.14 on. It cannot be
    shared by threads. If the items or the executor fail, it raises that at once, and the results
    before are lost. Executors that others wrote need not have it.

    The executor is any concurrent.futures.Executor: one of threads, one of processes, or one whose
    workers are on other machines, such as that of a Dask cluster::

        from dask.distributed import Client

        with Client("scheduler.example.org:8786").get_executor() as executor:
            for result in map_ordered(executor, work, items, window=1000):
                ...

    Nothing changes but the executor; fn, the items and the results then have to be picklable.
    """
    # The window may come fourth, as a number: that is nothing to iterate over.
    if len(more) == 1 and isinstance(more[0], SupportsIndex) and not isinstance(more[0], Iterable):
        window, more = more[0], ()
    window = index(window)
    if window < 1:
        raise ValueError(f"window must be positive, not {window}")
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"timeout must not be negative or NaN: {timeout}")
    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn)}")
    calls = map(executor.submit, repeat(fn), iter(items), *map(iter, more))
    return OrderedResults(calls, window, timeout)


class OrderedResults(Iterator[_R]):
    """What map_ordered() returns."""

    def __init__(self, calls: "Iterator[Future[_R]]", window: int, timeout: float | None) -> None:
        # The calls whose results nobody has asked for yet.
        self._pending: deque[Future[_R]] = deque()
        # Draws an item and submits the call for it.
        self._calls = calls
        self._window = window
        self._deadline = None if timeout is None else monotonic() + timeout
        # Whoever has it draws items, and waits for the next result. So the bound holds for all
        # threads together: what one of them waits for is the only call that is not pending.
        self._turn = RLock()
        self._is_drawing = False
        self._is_closed = False
        self._draw()

    def __next__(self) -> _R:
        """Wait for the next result, and return it."""
        left = self._left()
        if not self._turn.acquire(timeout=-1 if left is None else left):
            raise TimeoutError("another thread still waits for the result before")
        try:
            if self._is_drawing:
                raise RuntimeError("the items of map_ordered() ask for its results")
            self._draw()
            if (future := self._take()) is None:
                raise StopIteration
            return self._result(future)
        finally:
            # An exception refers to this frame: it must not refer to the future, which has it.
            future = None
            self._turn.release()

    def close(self) -> None:
        """Cancel all calls that have not begun, and end the iterator, for all threads.

        A thread that waits for a result still gets that one.
        """
        self._is_closed = True
        self._calls = iter(())
        while (future := self._take()) is not None:
            future.cancel()

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot copy or pickle the results of map_ordered(), which are read once")

    def _draw(self) -> None:
        """Submit calls until the window is full."""
        pending = self._pending
        self._is_drawing = True
        try:
            # No variable of ours keeps an item alive.
            pending.extend(islice(self._calls, self._window - len(pending)))
            if len(pending) < self._window:
                # Not asked again: the others would lose an item each time.
                self._calls = iter(())
        except Exception as error:
            # It waits for its turn like any other result.
            pending.append(_failed(error))
            self._calls = iter(())
        except BaseException:
            self.close()
            raise
        finally:
            self._is_drawing = False
            if self._is_closed:
                # Another thread has closed it, and not seen what was submitted since.
                self.close()

    def _take(self) -> "Future[_R] | None":
        try:
            return self._pending.popleft()
        except IndexError:
            return None

    def _result(self, future: "Future[_R]") -> _R:
        try:
            return future.result(self._left())
        except BaseException:
            # It may be the wait that has failed, by Ctrl-C, and the call has not begun.
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


def _failed(error: Exception) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
