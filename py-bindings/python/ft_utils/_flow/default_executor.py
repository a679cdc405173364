"""The executor of calls that name none."""

from concurrent.futures import Executor, Future
from typing import Any

from ft_utils._flow.executor import WorkStealingExecutor


def default_executor(n_threads: int) -> Executor:
    """Return a new executor of so many threads, or one that makes its calls in place.

    Each call of a loop has its own, so that a loop in a job need not wait for the threads that run
    such jobs.
    """
    if n_threads == 1:
        return InPlace()
    return executor_of_threads(n_threads)


def executor_of_threads(n_threads: int | None = None) -> Executor:
    """Return a new executor of so many threads. This is the one place that chooses its class.

    It has no threads until the first call is submitted.
    """
    return WorkStealingExecutor(n_threads, thread_name_prefix="ft_utils-parallel")


class InPlace(Executor):
    """Makes each call in submit(): one thread needs no other."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Make the call, and return a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        try:
            return future
        finally:
            # The traceback of the error leads to this frame.
            del future
