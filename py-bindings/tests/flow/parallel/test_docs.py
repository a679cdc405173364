"""The examples in the documentation of loops in several threads."""

import doctest
import re

import ft_utils
import pytest
from helpers.places import ROOT


@pytest.mark.thread_unsafe(reason="doctest replaces sys.stdout")
@pytest.mark.parametrize("name", ["map", "for_each", "reduce", "sort"])
def test_docstring(name):
    function = getattr(ft_utils, f"parallel_{name}")
    finder = doctest.DocTestFinder(recurse=False)
    (examples,) = finder.find(function, name, globs=vars(ft_utils).copy())
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_page():
    text = (ROOT / "docs" / "parallel-loops.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        exec(block, {})
