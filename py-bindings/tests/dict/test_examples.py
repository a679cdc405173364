"""The examples in the docstrings of sets and counters run."""

import doctest

import ft_utils
import pytest


@pytest.mark.thread_unsafe(reason="doctest captures the output")
@pytest.mark.parametrize("name", ["ConcurrentCounter", "ConcurrentSet", "StripedCounter"])
def test_examples(name):
    names = {each: getattr(ft_utils, each) for each in ft_utils.__all__}
    (found,) = doctest.DocTestFinder(recurse=False).find(
        getattr(ft_utils, name), name, module=False, globs=names
    )
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0
