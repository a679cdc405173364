"""Help for tests with threads."""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial

__all__ = ["run_concurrently", "run_each_concurrently"]


def run_concurrently(
    worker_func: Callable[..., object],
    nthreads: int,
    args: Iterable[object] = (),
    kwargs: Mapping[str, object] | None = None,
) -> None:
    """Call worker_func(*args, **kwargs) in nthreads threads at once.

    The threads start together, and all of them are awaited. If calls raise, the first exception is
    raised here; the others are listed in its notes.
    """
    call = partial(worker_func, *args, **(kwargs or {}))
    run_each_concurrently([call] * nthreads)


def run_each_concurrently(funcs: Iterable[Callable[[], object]]) -> None:
    """Call each of the functions in a thread of its own, all at once.

    The threads start together, and all of them are awaited. If functions raise, the first exception
    is raised here; the others are listed in its notes.
    """
    calls = list(funcs)
    if not calls:
        raise ValueError("there must be at least one thread")
    barrier = threading.Barrier(len(calls))
    failures: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            # Not all threads could be started.
            return
        try:
            call()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    started = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
    except BaseException:
        barrier.abort()
        raise
    finally:
        for thread in started:
            thread.join()
    if failures:
        _raise(failures)


def _raise(failures: list[BaseException]) -> None:
    first, *others = failures
    for other in others:
        # The same object, perhaps, that several threads have raised.
        if other is not first:
            first.add_note(f"Another thread raised {type(other).__name__}: {other}")
    try:
        raise first
    finally:
        # The frame and the traceback would keep each other.
        failures.clear()
        del first, others
