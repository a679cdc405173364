"""CPython's own tests of threading.Barrier and asyncio.Barrier, run against Barrier."""

import asyncio
import threading
import unittest
from unittest import mock

import pytest
from ft_utils import Barrier

lock_tests = pytest.importorskip(
    "test.lock_tests", reason="this interpreter was installed without its tests"
)
asyncio_tests = pytest.importorskip("test.test_asyncio.test_locks")

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe

# Tests of asyncio's that cannot apply.
SEES_DRAINING = "looks at the barrier while it drains; ours is ready for the next round at once"
INAPPLICABLE = {
    "test_abort_barrier_when_tasks_half_draining_half_blocking": SEES_DRAINING,
    "test_barrier": "looks for asyncio's own text",
    "test_draining_state": SEES_DRAINING,
    "test_filling_task_by_task": "looks for asyncio's own text",
    "test_repr": "looks for asyncio's own text",
    "test_reset_barrier_when_tasks_half_draining": SEES_DRAINING,
    "test_reset_barrier_when_tasks_half_draining_half_blocking": SEES_DRAINING,
    "test_reset_barrier_while_tasks_draining": SEES_DRAINING,
}


class TestBarrier(lock_tests.BarrierTests):
    barriertype = staticmethod(Barrier)


class AsyncioBarrier(Barrier):
    """A Barrier with the interface of asyncio's, and its exception."""

    async def wait(self):
        try:
            return await super().wait_async()
        except threading.BrokenBarrierError as error:
            raise asyncio.BrokenBarrierError from error

    async def __aenter__(self):
        return await self.wait()

    async def __aexit__(self, *_):
        pass

    async def reset(self):
        super().reset()

    async def abort(self):
        super().abort()


class TestAsyncioBarrier(
    type(
        "OursInAsyncio",
        (asyncio_tests.BarrierTests,),
        # A test that is not there any more needs no reason.
        {name: None for name in INAPPLICABLE if hasattr(asyncio_tests.BarrierTests, name)},
    )
):
    def run(self, result=None):
        # The tests find the class under this name.
        with mock.patch.object(asyncio, "Barrier", AsyncioBarrier):
            return super().run(result)


def test_tests_are_run():
    for kind in (TestBarrier, TestAsyncioBarrier):
        assert len(unittest.TestLoader().getTestCaseNames(kind)) >= 10
