"""The examples in the documentation of loops in several threads."""

import doctest

import ft_utils
import pytest


@pytest.mark.thread_unsafe(reason="doctest replaces sys.stdout")
@pytest.mark.parametrize("name", ["map", "for_each", "reduce", "sort"])
def test_docstring(name):
    function = getattr(ft_utils, f"parallel_{name}")
    finder = doctest.DocTestFinder(recurse=False)
    (examples,) = finder.find(function, name, globs=vars(ft_utils).copy())
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0
