"""CPython's own tests of asyncio.Queue, LifoQueue and PriorityQueue, run against the Std queues."""

import asyncio
import queue
import unittest
from unittest import mock

import pytest
from ft_utils import (
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)

theirs = pytest.importorskip(
    "test.test_asyncio.test_queues", reason="this interpreter was installed without its tests"
)

pytestmark = pytest.mark.thread_unsafe(reason="CPython's tests")

# Tests that cannot apply.
INAPPLICABLE = {
    "test_repr": "looks for asyncio's own text",
    "test_str": "as above",
    "test_format": "as above",
    "test_float_maxsize": "a bound is an integer",
    "test_get_with_putters": "puts a future of its own into the list of waiters",
}

# Since 3.13.
AsyncioShutDown = getattr(asyncio, "QueueShutDown", ShutDown)


class Asyncio:
    """The interface of asyncio's queues, their exceptions, and the lists that its tests look at."""

    def __init__(self, maxsize=0):
        self._getters, self._putters = [], []
        super().__init__(maxsize)

    async def get(self):
        return await listed(self._getters, self.get_async())

    async def put(self, item):
        await listed(self._putters, self.put_async(item))

    async def join(self):
        await self.join_async()

    def get_nowait(self):
        try:
            return super().get(False)
        except queue.Empty as error:
            raise asyncio.QueueEmpty from error
        except ShutDown as error:
            raise AsyncioShutDown from error

    def put_nowait(self, item):
        try:
            super().put(item, False)
        except queue.Full as error:
            raise asyncio.QueueFull from error
        except ShutDown as error:
            raise AsyncioShutDown from error


async def listed(waiters, wait):
    waiters.append(wait)
    try:
        return await wait
    except ShutDown as error:
        raise AsyncioShutDown from error
    finally:
        waiters.remove(wait)


class Queue(Asyncio, StdConcurrentQueue):
    pass


class LifoQueue(Asyncio, StdConcurrentLifoQueue):
    pass


class PriorityQueue(Asyncio, StdConcurrentPriorityQueue):
    pass


OURS = {kind.__name__: kind for kind in (Queue, LifoQueue, PriorityQueue)}


def cases():
    for name, kind in vars(theirs).items():
        if not isinstance(kind, type) or not issubclass(kind, unittest.TestCase):
            continue
        # Some of them have the class that they test as an attribute.
        tested = getattr(kind, "q_class", None)
        ours = type(f"Our{name}", (kind,), {"q_class": tested and OURS[tested.__name__]})
        for test in unittest.defaultTestLoader.getTestCaseNames(ours):
            yield pytest.param(ours, test, id=f"{name}-{test}")


CASES = list(cases())


@pytest.mark.parametrize(("kind", "test"), CASES)
def test_as_cpython(kind, test):
    if test in INAPPLICABLE:
        pytest.skip(INAPPLICABLE[test])
    result = unittest.TestResult()
    # The others find the classes under these names.
    with mock.patch.multiple(asyncio, **OURS):
        kind(test).run(result)
    problems = result.errors + result.failures
    assert not problems, problems[0][1]
    assert result.testsRun == 1


def test_tests_are_run():
    names = {case.values[1] for case in CASES}
    assert set(INAPPLICABLE) <= names
    assert len(names) >= 25
