"""CPython's own tests of threading.Event and asyncio.Event, run against Event."""

import asyncio
import unittest
from unittest import mock

import pytest
from ft_utils import Event

lock_tests = pytest.importorskip(
    "test.lock_tests", reason="this interpreter was installed without its tests"
)
asyncio_tests = pytest.importorskip("test.test_asyncio.test_locks")

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe

# Tests that cannot apply.
INAPPLICABLE = {
    "threading": {
        "test_at_fork_reinit": "in the child of a fork there is nothing to reinitialize",
    },
    "asyncio": {
        "test_repr": "looks for the list of waiters, and for asyncio's own text",
    },
}


def without(kind, inapplicable):
    # A test that is not there any more needs no reason.
    return {name: None for name in inapplicable if hasattr(kind, name)}


class TestEvent(
    type(
        "Ours", (lock_tests.EventTests,), without(lock_tests.EventTests, INAPPLICABLE["threading"])
    )
):
    eventtype = staticmethod(Event)


class AsyncioEvent(Event):
    """An Event with the interface of asyncio's, and the list of waiters that its tests look at."""

    def __init__(self):
        self._waiters = []

    async def wait(self):
        wait = super().wait_async()
        if self.is_set():
            return await wait
        self._waiters.append(wait)
        try:
            return await wait
        finally:
            self._waiters.remove(wait)


class TestAsyncioEvent(
    type(
        "OursInAsyncio",
        (asyncio_tests.EventTests,),
        without(asyncio_tests.EventTests, INAPPLICABLE["asyncio"]),
    )
):
    def run(self, result=None):
        # The tests find the class under this name.
        with mock.patch.object(asyncio, "Event", AsyncioEvent):
            return super().run(result)


def test_tests_are_run():
    for kind, least in ((TestEvent, 5), (TestAsyncioEvent, 5)):
        assert len(unittest.TestLoader().getTestCaseNames(kind)) >= least
