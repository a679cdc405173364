"""Calls in threads, and waiting for them."""

import threading
import time
from collections.abc import Callable, Iterable
from itertools import chain

from ft_utils.testing import run_concurrently

from helpers.limits import LONG


def run_threads(n: int, work: Callable[[int], object]) -> list:
    """Run work(0) to work(n - 1) in threads that start together, and return what they return.

    The first exception, if there is any, is raised here.
    """
    try:
        # The switch interval stays: `cargo xtask test` has runs with the shortest one.
        return run_concurrently(work, n, pass_index=True, switch_interval=None, timeout=2 * LONG)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


def flat(lists: Iterable[list]) -> list:
    """Join lists."""
    return list(chain.from_iterable(lists))


def until_asleep(thread: threading.Thread) -> None:
    """Return when the thread sleeps, or is done.

    On systems that do not tell, return at once. So with this function a test meets the interesting
    case most of the time, and has to pass in the other cases, too.
    """
    stat = f"/proc/self/task/{thread.native_id}/stat"
    deadline = time.monotonic() + LONG
    seen = 0
    while seen < 3 and thread.is_alive():
        try:
            with open(stat) as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:
            return
        seen = seen + 1 if state == "S" else 0
        assert time.monotonic() < deadline, "the thread does not go to sleep"
        time.sleep(0.001)


class Task:
    """A call in a thread of its own."""

    def __init__(self, call: Callable, *args: object, **kwargs: object) -> None:
        self._thread = threading.Thread(target=self._run, args=(call, args, kwargs), daemon=True)
        self._started = threading.Event()
        self._result: object = None
        self._error: BaseException | None = None
        self._thread.start()
        assert self._started.wait(LONG)

    def _run(self, call: Callable, args: tuple, kwargs: dict) -> None:
        self._started.set()
        try:
            self._result = call(*args, **kwargs)
        except BaseException as error:
            self._error = error

    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def until_asleep(self) -> "Task":
        """Return when the thread sleeps, or is done: see the function of this name."""
        until_asleep(self._thread)
        return self

    def result(self) -> object:
        self._thread.join(LONG)
        assert self.is_done(), "the call hangs"
        if self._error is not None:
            raise self._error
        return self._result


def wait_until(condition: Callable[[], object]) -> None:
    """Return when the condition holds; fail if that takes too long."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.001)
