"""CPython's own tests of ThreadPoolExecutor, run against WorkStealingExecutor."""

import concurrent.futures
import importlib
import unittest

import pytest
from ft_utils import WorkStealingExecutor

# It is a package from Python 3.12 on.
pytest.importorskip(
    "test.test_concurrent_futures.executor",
    reason="this interpreter was installed without its tests, or they are older",
)

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe

# Tests that cannot apply, and the reason. Beside them: those of `test_future`, which set private
# attributes of Future, and those of executors of processes and interpreters.
NOT_OURS = {
    "test_default_workers": "ours has a worker for each processor, and not four more",
    "test_saturation": "ours starts a worker when another one has found more than one job",
    "test_threads_terminate": "the same",
    "test_cancel_futures": "all jobs may be cancelled before the first worker is awake",
    "test_idle_thread_reuse": "ours starts a worker if none is idle yet, though one soon will be",
}
CLASSES = {
    "test_thread_pool": ["ThreadPoolExecutorTest"],
    "test_shutdown": ["ThreadPoolShutdownTest"],
    "test_init": ["ThreadPoolInitializerTest", "ThreadPoolFailingInitializerTest"],
    "test_wait": ["ThreadPoolWaitTests"],
    "test_as_completed": ["ThreadPoolAsCompletedTest"],
}


# The tests look at the name of the class.
class ThreadPoolExecutor(WorkStealingExecutor):
    pass


class Futures:
    """The module concurrent.futures with another ThreadPoolExecutor."""

    ThreadPoolExecutor = ThreadPoolExecutor

    def __getattr__(self, name):
        return getattr(concurrent.futures, name)


def module(name):
    return importlib.import_module(f"test.test_concurrent_futures.{name}")


def cases():
    for name, classes in CLASSES.items():
        for theirs in classes:
            kind = getattr(module(name), theirs)
            ours = type(theirs, (kind,), {"executor_type": ThreadPoolExecutor})
            for test in unittest.defaultTestLoader.getTestCaseNames(ours):
                yield pytest.param(module(name), ours, test, id=f"{theirs}-{test}")


def with_ours(assert_python_ok):
    """Return a function that runs programs, and replaces what they import."""

    def run(*args):
        before, after = "from concurrent.futures import", "from ft_utils import"
        before += " ThreadPoolExecutor"
        after += " WorkStealingExecutor as ThreadPoolExecutor"
        program = args[-1].replace(before, after)
        assert after in program
        return assert_python_ok(*args[:-1], program)

    return run


@pytest.mark.parametrize(("module", "kind", "test"), list(cases()))
def test_as_cpython(module, kind, test, monkeypatch):
    if test in NOT_OURS:
        pytest.skip(NOT_OURS[test])
    monkeypatch.setattr(module, "futures", Futures(), raising=False)
    if hasattr(module, "assert_python_ok"):
        theirs = module.assert_python_ok
        monkeypatch.setattr(module, "assert_python_ok", with_ours(theirs))
    result = unittest.TestResult()
    kind(test).run(result)
    problems = result.errors + result.failures
    assert not problems, problems[0][1]
    assert result.testsRun == 1
    if result.skipped:
        pytest.skip(result.skipped[0][1])


def test_list_is_not_out_of_date():
    names = {
        name
        for each in CLASSES
        for kind in CLASSES[each]
        for name in dir(getattr(module(each), kind))
    }
    assert set(NOT_OURS) <= names
