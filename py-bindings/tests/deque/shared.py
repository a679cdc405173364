"""Helpers for the tests in this folder."""

import pytest
from ft_utils.concurrency import ConcurrentDeque
from helpers import programs

DEEP = 200_000


class Sub(ConcurrentDeque):
    """A subclass with nothing of its own, but attributes."""


class Bad:
    def __eq__(self, _other):
        raise LookupError

    __hash__ = None


N = 4
HEAD = f"""{programs.HEAD}
d = ConcurrentDeque()
"""
WAITS = pytest.mark.parametrize("wait", ["d.pop(timeout=None)", "d.popleft(timeout=1000)"])
