"""Results in the order of the items, from any executor, in bounded memory."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice, repeat
from operator import index
from typing import SupportsIndex, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


def map_ordered(
    executor: Executor,
    fn: Callable[[_T], _R],
    items: Iterable[_T],
    window: SupportsIndex = 64,
) -> Generator[_R, None, None]:
    """Yield fn(item) for each item, in the order of the items, computed by an executor.

    At most window results are being computed or wait to be read. Items are drawn one by one, as
    results are read, so there may be infinitely many. A window of about twice the number of workers
    keeps all of them busy, unless some items take much longer than others.

    An exception, of fn, of items, or of the executor (BrokenProcessPool, say, or RuntimeError if
    it was shut down), is raised in the place of the result that is missing, and ends the iterator.
    When the iterator ends, is closed or dropped, calls that have not begun are cancelled, and
    results that nobody has read are released.

    The executor is any concurrent.futures.Executor: one of threads, one of processes, or one whose
    workers are on other machines, such as that of a Dask cluster::

        from dask.distributed import Client

        with Client("scheduler.example.org:8786").get_executor() as executor:
            for result in map_ordered(executor, work, items, window=1000):
                ...

    Nothing changes but the executor; fn, the items and the results then have to be picklable.
    """
    window = index(window)
    if window < 1:
        raise ValueError(f"window must be positive, not {window}")
    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn)}")
    return _results(executor.submit, fn, iter(items), window)


def _results(
    submit: Callable[[Callable[[_T], _R], _T], "Future[_R]"],
    fn: Callable[[_T], _R],
    items: Iterator[_T],
    window: int,
) -> Generator[_R, None, None]:
    pending: deque[Future[_R]] = deque()
    try:
        while True:
            try:
                # No variable of ours keeps the item alive.
                pending.extend(map(submit, repeat(fn), islice(items, window - len(pending))))
            except Exception as error:
                # It waits for its turn like any other result.
                pending.append(_failed(error))
                items = iter(())
            if not pending:
                return
            yield _result(pending.popleft())
    finally:
        for future in pending:
            future.cancel()
        pending.clear()


def _failed(error: Exception) -> "Future[_R]":
    future: Future[_R] = Future()
    future.set_exception(error)
    return future


def _result(future: "Future[_R]") -> _R:
    try:
        return future.result()
    except BaseException:
        # It may be the wait that has failed, by Ctrl-C, and the call has not begun.
        future.cancel()
        raise
    finally:
        # An exception refers to this frame: it must not refer to the future, which has it.
        del future
