"""StripedCounter: what it counts, alone and with threads."""

import copy
import gc
import pickle
import sys

import pytest
from ft_utils import StripedCounter
from helpers.threads import run_threads

THREADS, ROUNDS = 8, 5000


class Index:
    def __index__(self):
        return 7


def test_it_counts():
    counter = StripedCounter()
    assert counter.add() is None
    counter.add(4), counter.add(-2), counter.add(True), counter.add(Index())
    assert counter.sum() == 11
    assert repr(counter) == "StripedCounter(11)"
    assert counter.sum_then_reset() == 11
    assert counter.sum() == 0


def test_the_sum_wraps_around():
    counter = StripedCounter()
    counter.add(2**63 - 1)
    counter.add()
    assert counter.sum() == -(2**63)


@pytest.mark.parametrize("bad", [2**63, -(2**63) - 1, 10**30])
def test_too_large(bad):
    counter = StripedCounter()
    with pytest.raises(OverflowError):
        counter.add(bad)
    assert counter.sum() == 0


@pytest.mark.parametrize("bad", [1.5, "1", None, []])
def test_bad_types(bad):
    counter = StripedCounter()
    with pytest.raises(TypeError):
        counter.add(bad)
    with pytest.raises(TypeError):
        StripedCounter(bad)
    assert counter.sum() == 0


def test_threads_lose_nothing():
    counter, taken = StripedCounter(), StripedCounter()

    def work(index):
        mine = counter.handle() if index % 2 else counter
        last = 0
        for n in range(ROUNDS):
            mine.add(n % 3)
            if index == 0 and n % 100 == 0:
                taken.add(mine.sum_then_reset())
        return last

    run_threads(THREADS, work)
    assert taken.sum() + counter.sum() == THREADS * sum(n % 3 for n in range(ROUNDS))


def test_sums_never_go_down():
    counter = StripedCounter()

    def work(_):
        sums = [(counter.add(), counter.sum())[1] for _ in range(ROUNDS // 5)]
        assert sums == sorted(set(sums))

    run_threads(4, work)
    assert counter.sum() == 4 * (ROUNDS // 5)


def test_handles_and_subclasses():
    class Mine(StripedCounter):
        pass

    mine = Mine()
    mine.note = "n"
    handle = mine.handle().handle()
    handle.add(3)
    assert mine.sum() == 3
    assert repr(mine) == "Mine(3)"
    del mine
    gc.collect()
    assert handle.sum() == 3


def test_no_copies():
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*sum\(\)"):
            call(StripedCounter())


def test_it_is_small():
    assert sys.getsizeof(StripedCounter()) <= 80
