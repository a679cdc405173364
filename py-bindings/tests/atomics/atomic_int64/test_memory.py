"""AtomicInt64: integers that are made one after the other share no cache line."""

import sys

import pytest
from ft_utils.concurrency import AtomicInt64
from helpers.builds import FREE_THREADED

CACHE_LINE = 64


@pytest.mark.skipif(
    not FREE_THREADED or sys.maxsize < 2**32, reason="other allocators, smaller objects"
)
def test_a_cache_line_each():
    atomics = [AtomicInt64() for _ in range(100)]
    assert {id(atomic) % CACHE_LINE for atomic in atomics} == {0}
