"""The examples in the docstrings, and those of the page about waiting, run."""

import doctest
import re

import ft_utils
import pytest
from helpers.places import ROOT

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


def test_page():
    text = (ROOT / "docs" / "waiting.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        exec(block, {})
