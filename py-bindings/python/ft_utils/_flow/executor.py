"""An executor whose workers steal jobs from each other, and run jobs while they wait."""

import concurrent.futures
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures._base import LOGGER
from itertools import count, islice
from operator import index
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar
from weakref import WeakSet, ref

from ft_utils._flow.cpus import available_cpus
from ft_utils._native import ExecutorBase, FutureBase

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
else:

    def _base():
        try:
            return concurrent.futures.ThreadPoolExecutor
        except RuntimeError:
            # The interpreter is ending, and no executor will be made.
            return Executor

    ThreadPoolExecutor = _base()

_R = TypeVar("_R")
_numbers = count()


class WorkStealingFuture(FutureBase[_R], Future[_R]):
    """The future of a job of a WorkStealingExecutor: a concurrent.futures.Future.

    It does not call the methods of that class. Its state is native, and it makes a Condition only
    for concurrent.futures.wait() and as_completed(). A subclass of Future that overrides methods,
    or code that sets Future's private attributes, does not work with it.
    """


class WorkStealingExecutor(ExecutorBase, ThreadPoolExecutor):
    """An executor of threads that steal jobs from each other, and run jobs while they wait.

    WorkStealingExecutor(max_workers=None, thread_name_prefix="", initializer=None, initargs=())

    It has the interface of ThreadPoolExecutor and is a subclass, so that an event loop takes it
    as its default executor (loop.set_default_executor()), but shares no code with it. The
    differences:

    * A job that waits for another job of the same executor, by result() or exception() of its
      future, runs that job if it has not begun, and other jobs until it is done. So jobs may
      submit jobs and wait for them, with any number of workers. A job must not hold a lock during
      such a wait, if other jobs take that lock. If a job that is run so waits for the one that
      waits in the same thread already, neither could end, and result() raises RuntimeError. Waits
      of concurrent.futures.wait(), as_completed() and of locks and queues run no jobs.
    * A job sees the context variables of the thread that submits it, as they were then.
    * Jobs that a job submits run in the reverse order in its worker, and may be stolen by others,
      the oldest first. Jobs from other threads begin in their order.
    * There are as many workers at most as the process has processors, by its affinity and cgroup.
      For jobs that wait for something else than jobs of this executor, give a larger number.
    * In the child of a fork, submit() raises RuntimeError, and so does waiting for a job of the
      parent.

    >>> def fibonacci(executor, n):
    ...     if n < 2:
    ...         return n
    ...     left = executor.submit(fibonacci, executor, n - 1)
    ...     right = executor.submit(fibonacci, executor, n - 2)
    ...     return left.result() + right.result()
    >>> with WorkStealingExecutor(1) as executor:
    ...     executor.submit(fibonacci, executor, 10).result()
    55
    """

    def __init__(
        self,
        max_workers: SupportsIndex | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        most = available_cpus() if max_workers is None else index(max_workers)
        if most <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        prefix = thread_name_prefix or f"{type(self).__name__}-{next(_numbers)}"
        self._starter = _Starter(prefix, initializer, initargs)
        self._set_up(min(most, _MOST), ref(self._starter), WorkStealingFuture)
        _register(self)

    def map(
        self,
        fn: Callable[..., _R],
        /,
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: SupportsIndex = 1,
        buffersize: SupportsIndex | None = None,
    ) -> Iterator[_R]:
        """Return an iterator of fn(*items) for the items of the iterables, in their order.

        A job makes the calls for chunksize items, one after the other. With a buffersize, only so
        many jobs are submitted before their results are read, so that there may be infinitely
        many items; without one, all are submitted at once. If timeout is given, reading a result
        that is not there timeout seconds after the call of map() raises TimeoutError. An error of
        fn is raised in the place of the result, and ends the iterator; jobs that have not begun
        are cancelled.
        """
        if (size := index(chunksize)) < 1:
            raise ValueError("chunksize must be >= 1.")
        room = None
        if buffersize is not None:
            if not isinstance(buffersize, SupportsIndex):
                raise TypeError("buffersize must be an integer or None")
            if (room := index(buffersize)) < 1:
                raise ValueError("buffersize must be None or > 0")
        end = None if timeout is None else monotonic() + timeout
        items = zip(*iterables, strict=False)
        if size > 1:
            chunks = iter(lambda: list(islice(items, size)), [])
            jobs = (self.submit(_call_each, fn, chunk) for chunk in chunks)
            return _each(_results(jobs, room, end))
        return _results((self.submit(fn, *args) for args in items), room, end)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; with wait, return when all jobs have ended and all threads are gone.

        With cancel_futures, jobs that have not begun are cancelled. A job of the executor that
        calls this with wait gets a RuntimeError.
        """
        self._shut_down(wait, cancel_futures)
        if wait:
            for thread in self._threads:
                thread.join()

    @property
    def _max_workers(self) -> int:  # type: ignore[override]
        return self.max_workers

    @property
    def _threads(self) -> set[Thread]:  # type: ignore[override]
        # A copy: workers add threads.
        return self._starter.threads.copy()

    def __repr__(self) -> str:
        state = ", shut down" if self._shutdown else ""
        name, most = type(self).__name__, self.max_workers
        return f"<ft_utils.{name} at {id(self):#x}: at most {most} workers{state}>"


class _Starter:
    """Starts the threads of an executor, which knows this object by a weak reference."""

    def __init__(
        self, prefix: str, initializer: Callable[..., object] | None, initargs: tuple[Any, ...]
    ) -> None:
        self.threads: set[Thread] = set()
        self._prefix = prefix
        self._numbers = count()
        self._initialize = (initializer, initargs) if initializer is not None else None

    def start(self, work: Any) -> None:
        """Start a thread that becomes a worker by calling work."""
        name = f"{self._prefix}_{next(self._numbers)}"
        thread = Thread(target=_work, name=name, args=(work, self._initialize))
        self.threads.add(thread)
        try:
            thread.start()
        except BaseException:
            if thread.ident is None:
                self.threads.discard(thread)
            raise


def _work(work: Any, initialize: tuple[Callable[..., object], tuple[Any, ...]] | None) -> None:
    """Do what the thread of a worker does."""
    if initialize is not None:
        initializer, initargs = initialize
        try:
            initializer(*initargs)
        except BaseException:
            LOGGER.critical("Exception in initializer:", exc_info=True)
            work.fail()
        del initializer, initargs, initialize
    work()


def _call_each(fn: Callable[..., _R], chunk: "list[tuple[Any, ...]]") -> Any:
    """Return what the calls return, and the error that has ended them, if any."""
    results: list[_R] = []
    try:
        for args in chunk:
            results.append(fn(*args))
    except BaseException as error:
        return results, error
    return results, None


def _each(chunks: Generator[Any, None, None]) -> Iterator[Any]:
    try:
        for results, error in chunks:
            results.reverse()
            while results:
                yield results.pop()
            if error is not None:
                try:
                    raise error
                finally:
                    # Its traceback has this frame.
                    del error
    finally:
        # If another thread ends this generator, dropping that one would not end it at once.
        chunks.close()


def _results(
    jobs: "Iterator[Future[_R]]", room: int | None, end: float | None
) -> Generator[_R, None, None]:
    """Submit the first jobs now, and return the iterator of their results."""
    pending = deque(islice(jobs, room))
    return _read(jobs if room is not None else iter(()), pending, end)


def _read(
    jobs: "Iterator[Future[_R]]", pending: "deque[Future[_R]]", end: float | None
) -> Generator[_R, None, None]:
    try:
        while pending:
            # No variable here keeps a result alive.
            yield _result(pending.popleft(), end)
            pending.extend(islice(jobs, 1))
    finally:
        for future in pending:
            future.cancel()


def _result(future: "Future[_R]", end: float | None) -> _R:
    try:
        return future.result(None if end is None else end - monotonic())
    finally:
        # If it is late, it is not wanted any more. The error's traceback has this frame.
        future.cancel()
        del future


# The core has no more.
_MOST = 65_535


class _Exit:
    is_over = False


# All executors that may have workers at exit.
_exit = _Exit()
_executors: "WeakSet[WorkStealingExecutor]" = WeakSet()
# It is reentrant, because a signal handler or a destructor may make an executor.
_exit_lock = threading.RLock()


def _register(executor: WorkStealingExecutor) -> None:
    with _exit_lock:
        if _exit.is_over:
            executor._shut_down(False, False)
        _executors.add(executor)


def _finish() -> None:
    """Let all jobs end before the interpreter does."""
    with _exit_lock:
        _exit.is_over = True
        executors = list(_executors)
    for executor in executors:
        executor._shut_down(False, False)
    for executor in executors:
        executor._shut_down(True, False)


def _renew_in_children() -> None:
    """Let the child of a fork make executors, whoever held the lock in the parent."""
    if hasattr(os, "register_at_fork"):
        renew = _exit_lock._at_fork_reinit  # type: ignore[attr-defined]
        os.register_at_fork(after_in_child=renew)


def _finish_at_exit() -> None:
    try:
        # Unlike a function of atexit, it is called while threads can still be started and joined.
        threading._register_atexit(_finish)  # type: ignore[attr-defined]
    except RuntimeError:
        # The interpreter is ending already.
        _exit.is_over = True


_renew_in_children()
_finish_at_exit()
