"""CPython's own tests of locks and conditions, run against IntervalLock."""

import threading
import unittest

import pytest
from ft_utils.synchronization import IntervalLock

lock_tests = pytest.importorskip(
    "test.lock_tests", reason="this interpreter was installed without its tests"
)

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe

# Tests of behaviour that differs here.
INAPPLICABLE = {
    "LockTests": {
        "test_reacquire": "only the owner releases, and it does not wait for itself",
        "test_different_thread": "only the owner releases",
        "test_state_after_timeout": "the owner does not wait for itself, not even for a while",
        "test_at_fork_reinit": "in the child of a fork there is nothing to reinitialize",
        "test_constructor_noargs": "ours takes the interval",
    },
    "ConditionTests": {
        "test_acquire": "the owner does not get the lock again, as it would get an RLock",
    },
}


def applicable(kind: type[unittest.TestCase]) -> type[unittest.TestCase]:
    """Return the class without the tests that do not apply."""
    inapplicable = INAPPLICABLE[kind.__name__]
    # A test that is not there any more needs no reason.
    gone = {name: None for name in inapplicable if hasattr(kind, name)}
    return type(kind.__name__, (kind,), gone)


class TestLock(applicable(lock_tests.LockTests)):
    locktype = staticmethod(IntervalLock)


class TestCondition(applicable(lock_tests.ConditionTests)):
    @staticmethod
    def condtype(lock=None):
        # Some of the tests give a lock of theirs, which they look at.
        return threading.Condition(IntervalLock() if lock is None else lock)


def test_tests_are_run():
    for kind, least in ((TestLock, 10), (TestCondition, 5)):
        assert len(unittest.TestLoader().getTestCaseNames(kind)) >= least
