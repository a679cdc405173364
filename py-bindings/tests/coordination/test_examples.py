"""The examples in the docstrings run."""

import doctest

import ft_utils
import pytest

NAMES = [
    "Barrier",
    "Condition",
    "Event",
    "Latch",
    "Lock",
    "ManualClock",
    "Once",
    "RateLimiter",
    "call_once",
    "select",
    "select_async",
]


@pytest.mark.thread_unsafe(reason="doctest captures the output")
@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    names = {each: getattr(ft_utils, each) for each in ft_utils.__all__}
    (found,) = doctest.DocTestFinder(recurse=False).find(
        getattr(ft_utils, name), name, module=False, globs=names
    )
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0
