"""CPython's own tests of semaphores, of threading and of asyncio, run against ProcessSemaphore."""

import asyncio
import unittest
from unittest import mock

import pytest
from ft_utils import ProcessSemaphore

lock_tests = pytest.importorskip(
    "test.lock_tests", reason="this interpreter was installed without its tests"
)
asyncio_tests = pytest.importorskip("test.test_asyncio.test_locks")

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe

# Tests that cannot apply.
HANDED_OVER = "a task that was handed its slot still counts as waiting there until it runs"
INAPPLICABLE_TO_THREADS = {"test_repr": "looks for the name of threading's class"}
INAPPLICABLE = {
    "test_repr": "looks for the list of waiters, and for asyncio's own text",
    "test_semaphore": "looks for the name of asyncio's class",
    "test_acquire_fifo_order_2": HANDED_OVER,
    "test_acquire_fifo_order_4": HANDED_OVER,
}


def applicable(kind, inapplicable):
    """Return the class without the tests that do not apply."""
    # A test that is not there any more needs no reason.
    gone = {name: None for name in inapplicable if hasattr(kind, name)}
    return type(kind.__name__, (kind,), gone)


class Semaphore(ProcessSemaphore):
    """A ProcessSemaphore with threading's interface, whose slots may be more than at first."""

    # No test has more slots.
    LIMIT = 100

    def __init__(self, value=1):
        if value < 0:
            raise ValueError("value must not be negative")
        super().__init__(value, self.LIMIT)

    acquire = ProcessSemaphore.acquire_sync


class BoundedSemaphore(Semaphore):
    def __init__(self, value=1):
        self.LIMIT = value
        super().__init__(value)


class TestSemaphore(applicable(lock_tests.SemaphoreTests, INAPPLICABLE_TO_THREADS)):
    semtype = staticmethod(Semaphore)


class TestBoundedSemaphore(applicable(lock_tests.BoundedSemaphoreTests, INAPPLICABLE_TO_THREADS)):
    semtype = staticmethod(BoundedSemaphore)


class AsyncioSemaphore(Semaphore):
    """The same with asyncio's interface."""

    def __init__(self, value=1):
        super().__init__(value)
        # The list of waiters that the tests look at.
        self._waiters = []

    @property
    def _value(self):
        return self.value

    async def acquire(self):
        if self.try_acquire():
            return True
        self._waiters.append(wait := ProcessSemaphore.acquire(self))
        try:
            await wait
        finally:
            self._waiters.remove(wait)
        return True


class AsyncioBoundedSemaphore(AsyncioSemaphore):
    def __init__(self, value=1):
        self.LIMIT = value
        super().__init__(value)

    def release(self):
        try:
            super().release()
        except RuntimeError as error:
            raise ValueError from error


class TestAsyncioSemaphore(applicable(asyncio_tests.SemaphoreTests, INAPPLICABLE)):
    def run(self, result=None):
        # The tests find the classes under these names.
        with (
            mock.patch.object(asyncio, "Semaphore", AsyncioSemaphore),
            mock.patch.object(asyncio, "BoundedSemaphore", AsyncioBoundedSemaphore),
        ):
            return super().run(result)


def test_tests_are_run():
    for kind, least in ((TestSemaphore, 9), (TestBoundedSemaphore, 9), (TestAsyncioSemaphore, 8)):
        assert len(unittest.TestLoader().getTestCaseNames(kind)) >= least
