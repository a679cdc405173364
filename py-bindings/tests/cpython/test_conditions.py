"""CPython's own tests of locks and conditions, of threading and of asyncio, run against ours."""

import asyncio
import unittest
from unittest import mock

import pytest
from ft_utils import Condition, Lock

lock_tests = pytest.importorskip(
    "test.lock_tests", reason="this interpreter was installed without its tests"
)
asyncio_tests = pytest.importorskip("test.test_asyncio.test_locks")

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe

# Tests that cannot apply.
INAPPLICABLE = {
    lock_tests.LockTests: {
        "test_at_fork_reinit": "in the child of a fork there is nothing to reinitialize",
    },
    lock_tests.ConditionTests: {
        "test_acquire": "the lock is no RLock unless it is given one",
    },
    asyncio_tests.LockTests: {
        "test_repr": "looks for asyncio's own text",
        "test_lock_doesnt_accept_loop_parameter": "looks at classes that are not ours",
        "test_lock": "looks for the name of asyncio's class",
        "test_cancel_race": "looks at the futures in the list of waiters",
    },
    asyncio_tests.ConditionTests: {
        "test_repr": "looks for the list of waiters, and for asyncio's own text",
        "test_ambiguous_loops": "any number of event loops may use ours",
    },
}


def applicable(kind: type[unittest.TestCase]) -> type[unittest.TestCase]:
    """Return the class without the tests that do not apply."""
    # A test that is not there any more needs no reason.
    gone = {name: None for name in INAPPLICABLE[kind] if hasattr(kind, name)}
    return type(kind.__name__, (kind,), gone)


class TestLock(applicable(lock_tests.LockTests)):
    locktype = staticmethod(Lock)


class TestCondition(applicable(lock_tests.ConditionTests)):
    condtype = staticmethod(Condition)


class TestConditionOfRLock(lock_tests.ConditionTests):
    @staticmethod
    def condtype(lock=None):
        return Condition(lock_tests.threading.RLock() if lock is None else lock)


class Listing:
    """The list of waiters that asyncio's tests look at."""

    def __init__(self):
        self._waiters = []

    async def listed(self, wait):
        self._waiters.append(wait)
        try:
            return await wait
        finally:
            self._waiters.remove(wait)


class AsyncioLock(Listing, Lock):
    """A Lock with the interface of asyncio's."""

    async def acquire(self):
        if not self.locked():
            return await self.acquire_async()
        return await self.listed(self.acquire_async())


class AsyncioCondition(Listing, Condition):
    """A Condition with the interface of asyncio's."""

    def __init__(self, lock=None):
        Listing.__init__(self)
        self._lock = AsyncioLock() if lock is None else lock
        Condition.__init__(self, self._lock)

    async def acquire(self):
        return await self.acquire_async()

    async def wait(self):
        return await self.listed(self.wait_async())

    async def wait_for(self, predicate):
        return await self.listed(self.wait_for_async(predicate))


def in_asyncio(run):
    """Let the tests find our classes under asyncio's names."""

    def patched(self, result=None):
        with (
            mock.patch.object(asyncio, "Lock", AsyncioLock),
            mock.patch.object(asyncio, "Condition", AsyncioCondition),
        ):
            return run(self, result)

    return patched


class TestAsyncioLock(applicable(asyncio_tests.LockTests)):
    run = in_asyncio(asyncio_tests.LockTests.run)


class TestAsyncioCondition(applicable(asyncio_tests.ConditionTests)):
    run = in_asyncio(asyncio_tests.ConditionTests.run)


def test_tests_are_run():
    for kind, least in (
        (TestLock, 12),
        (TestCondition, 5),
        (TestConditionOfRLock, 6),
        (TestAsyncioLock, 6),
        (TestAsyncioCondition, 12),
    ):
        assert len(unittest.TestLoader().getTestCaseNames(kind)) >= least
