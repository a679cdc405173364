"""The memory of an empty object stays below a bound."""

import sys

import pytest
from helpers.builds import FREE_THREADED
from helpers.places import BINDINGS

sys.path.insert(0, str(BINDINGS))

from benchmarks.memory import EMPTY, size


@pytest.mark.thread_unsafe(reason="starts a process for each class")
@pytest.mark.skipif(
    not (FREE_THREADED and sys.version_info[:2] == (3, 14) and sys.platform == "linux"),
    reason="the bounds are for free-threaded 3.14 on Linux",
)
@pytest.mark.parametrize("empty", EMPTY, ids=lambda empty: empty.name)
def test_empty_object(empty):
    found = size(empty, "ours", sys.executable)
    assert found is not None
    assert found <= empty.most
