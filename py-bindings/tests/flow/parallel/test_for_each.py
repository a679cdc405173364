"""parallel_for_each()."""

import threading

import pytest
from ft_utils import ConcurrentCounter, ConcurrentSet, parallel_for_each
from helpers.limits import LONG

from .shared import Immediate


@pytest.mark.parametrize("n_threads", [1, 2, 5, None])
@pytest.mark.parametrize("n", [0, 1, 3, 5000])
def test_each_item_once(n, n_threads):
    seen = ConcurrentCounter()
    assert parallel_for_each(seen.add, iter(range(n)), n_threads=n_threads) is None
    assert seen == dict.fromkeys(range(n), 1)


def test_all_calls_have_ended():
    seen = ConcurrentSet()
    meeting = threading.Barrier(3)

    def call(n):
        meeting.wait(LONG)
        seen.add(n)

    parallel_for_each(call, range(6), n_threads=3, chunk_size=1)
    assert seen == set(range(6))


def test_executor_and_progress():
    seen, progress = [], []
    parallel_for_each(
        seen.append, "abc", executor=Immediate(), chunk_size=2, progress=progress.append
    )
    assert (seen, progress) == ([*"abc"], [2, 3])


def test_nothing_is_kept():
    alive = []

    def make(_):
        alive.append(None)
        return Kept()

    class Kept:
        def __del__(self):
            alive.pop()

    def progress(_):
        assert not alive

    parallel_for_each(make, range(20), n_threads=1, chunk_size=5, progress=progress)
    assert not alive
