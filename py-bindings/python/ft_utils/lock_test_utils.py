"""Help for tests of locks."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar
from unittest import TestCase

__all__ = ["run_interrupt_handling"]

_L = TypeVar("_L")


def run_interrupt_handling(
    self: TestCase,
    lock: _L,
    acquire: Callable[[_L], object],
    release: Callable[[_L], object],
) -> None:
    """Test that a signal is handled while the main thread waits for a lock.

    Call this in the main thread. Another thread takes the lock with acquire(lock), raises the
    signal of Ctrl-C, and releases the lock with release(lock). Meanwhile the main thread takes the
    lock, too. The signal's handler must have run by then, in the main thread. Afterwards the
    previous handler is restored.

    An exception in the other thread goes to threading.excepthook.
    """
    # On Windows, SIGINT cannot be told from Ctrl-C in the console of the tests.
    number = getattr(signal, "SIGBREAK", signal.SIGINT)
    handled_by: list[threading.Thread] = []
    has_tried = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        handled_by.append(threading.current_thread())

    def interrupt() -> None:
        try:
            acquire(lock)
        finally:
            has_tried.set()
        try:
            signal.raise_signal(number)
        finally:
            release(lock)

    before = signal.signal(number, handle)
    try:
        thread = threading.Thread(target=interrupt)
        thread.start()
        has_tried.wait()
        try:
            acquire(lock)
            release(lock)
        finally:
            thread.join()
    finally:
        # None stands for a handler that was not set from Python.
        signal.signal(number, signal.SIG_DFL if before is None else before)
    self.assertEqual(handled_by, [threading.main_thread()])
