"""CPython's own tests of functools.lru_cache, run against cached()."""

import functools
import types
import unittest

import pytest
from ft_utils import cached

tests = pytest.importorskip(
    "test.test_functools", reason="this interpreter was installed without its tests"
)

# They start threads, and count those that run.
pytestmark = pytest.mark.thread_unsafe


def lru_cache(maxsize=128, typed=False):
    """Return cached() with the arguments of lru_cache; one cache for all instances, as there."""
    if callable(maxsize):
        return cached(maxsize)
    return cached(maxsize, typed=typed, per_instance=False)


OURS = types.SimpleNamespace(**vars(functools))
OURS.lru_cache = lru_cache
OURS.cache = cached(maxsize=None)


# Tests that cannot apply.
INAPPLICABLE = {
    "test_lru": "knows which entry an LRU evicts; ours keeps what was asked for often",
    "test_lru_bug_35780": "a call asks for its own key; ours would wait for itself, and raises",
    "test_lru_cache_threaded2": "needs a call for each thread that asks; ours makes one for all",
    "test_lru_method": "a method of a subclass of int, whose instances allow no weak references",
}


@lru_cache()
def function(x, y):
    return 3 * x + y


class TestCached(
    # A test that is not there any more needs no reason.
    type(
        "Ours",
        (tests.TestLRU,),
        {name: None for name in INAPPLICABLE if hasattr(tests.TestLRU, name)},
    ),
    unittest.TestCase,
):
    module = OURS
    cached_func = (function,)

    @lru_cache()
    def cached_meth(self, x, y):
        return 3 * x + y

    @staticmethod
    @lru_cache()
    def cached_staticmeth(x, y):
        return 3 * x + y


def test_tests_are_run():
    assert len(unittest.TestLoader().getTestCaseNames(TestCached)) >= 20
