"""ConcurrentDeque: items that many threads put in and take out."""

import threading
from collections import Counter

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDeque
from helpers.limits import LONG
from helpers.objects import Thing
from helpers.threads import flat, run_threads

from .shared import N

ROUNDS = 1500


def test_nothing_is_lost_at_either_end():
    d = ConcurrentDeque()

    def work(index):
        mine = d.handle()
        if index < N:
            for n in range(ROUNDS):
                (mine.append if n % 2 else mine.appendleft)((index, n))
            return []
        pop = mine.pop if index % 2 else mine.popleft
        return [pop(timeout=LONG) for _ in range(ROUNDS)]

    taken = flat(run_threads(2 * N, work))
    assert Counter(taken) == Counter((index, n) for index in range(N) for n in range(ROUNDS))
    assert len(d) == 0


def test_order_of_each_thread():
    d = ConcurrentDeque()

    def work(index):
        for n in range(ROUNDS):
            d.append((index, n))

    run_threads(N, work)
    items = list(d)
    for index in range(N):
        assert [n for who, n in items if who == index] == list(range(ROUNDS))


def test_blocks_are_whole():
    d = ConcurrentDeque()
    size = 7

    def work(index):
        for n in range(150):
            block = [(index, n, k) for k in range(size)]
            if n % 2:
                d.extend(block)
            else:
                d.extendleft(reversed(block))
            # Whole blocks, in whatever order, at every moment.
            items = list(d)
            assert len(items) % size == 0
            for start in range(0, len(items), size):
                one = items[start : start + size]
                assert one == [(*one[0][:2], k) for k in range(size)]

    run_threads(N, work)
    assert len(d) == N * 150 * size


def test_maxlen_is_exact():
    d = ConcurrentDeque(maxlen=5)
    dead = AtomicInt64()

    def work(index):
        for n in range(ROUNDS):
            thing = Thing(dead.incr)
            if n % 3 == 0:
                d.append(thing)
            elif n % 3 == 1:
                d.appendleft(thing)
            else:
                d.extend([thing])
            del thing
            assert len(d) <= 5
            assert len(d.copy()) <= 5

    run_threads(N, work)
    assert len(d) == 5
    assert dead.get() == N * ROUNDS - 5
    d.clear()
    assert dead.get() == N * ROUNDS


def test_nothing_is_missed_while_others_rotate():
    d = ConcurrentDeque(range(50))
    done = threading.Event()

    def work(index):
        if index < 2:
            n = 0
            while not done.is_set():
                n += 1
                d.rotate(1 if index else -3)
                if n % 10 == 0:
                    d.reverse()
            return
        try:
            for n in range(400):
                assert n % 50 in d
                assert 0 <= d.index(n % 50) < 50
                assert d.count(n % 50) == 1
                assert sorted(d) == list(range(50))
                assert sorted([*reversed(d)]) == list(range(50))
                assert len(d) == 50
        finally:
            done.set()

    run_threads(4, work)


def test_removals_are_exact():
    d = ConcurrentDeque()
    for n in range(200):
        d.extend([n] * N)

    def work(index):
        numbers = range(200) if index % 2 else reversed(range(200))
        for n in numbers:
            d.remove(n)
            if n % 10 == 0:
                d.rotate(index)
                d.appendleft(None)
                d.append(None)

    run_threads(N, work)
    with pytest.raises(ValueError, match="not in deque"):
        d.remove(7)
    assert list(d) == [None] * (2 * 20 * N)


def test_removals_and_pops_share_out():
    total = 1000
    d = ConcurrentDeque(range(total))

    def work(index):
        got = []
        if index < 2:
            for n in range(total):
                try:
                    d.remove(n if index else total - 1 - n)
                    got.append(n if index else total - 1 - n)
                except ValueError:
                    pass
        else:
            while d:
                try:
                    got.append(d.pop() if index == 2 else d.popleft())
                except IndexError:
                    break
        return got

    assert sorted(flat(run_threads(4, work))) == list(range(total))
