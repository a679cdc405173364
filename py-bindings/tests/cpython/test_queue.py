"""CPython's own tests of queue.Queue, LifoQueue and PriorityQueue, run against the Std queues.

They belong to this interpreter's package `test`, if it has that; else they may come from the folder
in FT_UTILS_CPYTHON_LIB, the standard library of another Python of the same version.
"""

import importlib
import os
import queue
import sys
import types
import unittest

import pytest
from ft_utils.concurrency import (
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)

# Tests that cannot apply to the Std queues, and the reason.
NOT_OURS = {
    "FailingQueueTest": "overrides _put and _get, which ours do not call",
    "test_shrinking_queue": "sets maxsize, which is fixed in ours",
}


def import_tests():
    library = os.environ.get("FT_UTILS_CPYTHON_LIB")
    if library:
        sys.path.append(library)
    try:
        return importlib.import_module("test.test_queue")
    except ImportError as error:
        pytest.skip(f"no test.test_queue: {error}", allow_module_level=True)
    finally:
        if library:
            sys.path.remove(library)


theirs = import_tests()


# The tests look at the names of the classes.
class Queue(StdConcurrentQueue):
    pass


class LifoQueue(StdConcurrentLifoQueue):
    pass


class PriorityQueue(StdConcurrentPriorityQueue):
    pass


OURS = types.SimpleNamespace(
    Queue=Queue,
    LifoQueue=LifoQueue,
    PriorityQueue=PriorityQueue,
    Empty=queue.Empty,
    Full=queue.Full,
    ShutDown=ShutDown,
)


def cases():
    for name in ("QueueTest", "LifoQueueTest", "PriorityQueueTest"):
        kind = type(f"Our{name}", (getattr(theirs, name), unittest.TestCase), {"queue": OURS})
        for test in unittest.defaultTestLoader.getTestCaseNames(kind):
            yield pytest.param(kind, test, id=f"{name}-{test}")


@pytest.mark.thread_unsafe
@pytest.mark.parametrize(("kind", "test"), list(cases()))
def test_as_cpython(kind, test):
    if test in NOT_OURS:
        pytest.skip(NOT_OURS[test])
    result = unittest.TestResult()
    kind(test).run(result)
    problems = result.errors + result.failures
    assert not problems, problems[0][1]
    assert result.testsRun == 1
    if result.skipped:
        pytest.skip(result.skipped[0][1])


def test_list_is_not_out_of_date():
    names = {*vars(theirs), *dir(theirs.BaseQueueTestMixin)}
    assert set(NOT_OURS) <= names
