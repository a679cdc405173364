"""Helpers for tests with threads, as in `ft_utils` 0.2.0. `ft_utils.testing` has more."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ft_utils.testing import Run

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
    run = Run(lambda index: calls[index](), len(calls), 1, pass_index=True)
    run.finish(math.inf)
    if run.failures:
        _raise([failure.exception for failure in run.failures], run)


def _raise(failures: list[BaseException], run: Run) -> None:
    first, *others = failures
    for other in others:
        # Several threads may have raised the same object.
        if other is not first:
            first.add_note(f"Another thread raised {type(other).__name__}: {other}")
    try:
        raise first
    finally:
        # Otherwise the frame and the traceback would keep each other alive.
        failures.clear()
        run.failures.clear()
        del first, others
