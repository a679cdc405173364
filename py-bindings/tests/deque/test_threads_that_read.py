"""ConcurrentDeque: readers and iterators among writers, in many threads."""

import gc
import threading

from ft_utils.concurrency import ConcurrentDeque
from helpers.limits import LONG
from helpers.objects import Thing
from helpers.threads import flat, run_threads

from .shared import N


def test_readers_among_writers():
    d = ConcurrentDeque(range(100))
    stays = object()
    d.insert(50, stays)
    done = threading.Event()

    def write(index):
        n = 0
        while not done.is_set():
            n += 1
            d.append(n)
            d.appendleft(n)
            # On either side it takes as many as it puts in, so that the one in the middle stays.
            left, right = d.popleft(), d.pop()
            assert stays not in (left, right)
            d.extend([n, n])
            d.pop()
            d.pop()
            d.insert(1, n)
            del d[1]
            middle = object()
            d.insert(75, middle)
            d.remove(middle)

    def read(index):
        for _ in range(150):
            assert sum(item is stays for item in d) == 1
            assert stays in d
            assert 30 < d.index(stays) < 70
            assert len(d) >= 80
            repr(d)
            assert d != ConcurrentDeque()
            assert sum(item is stays for item in reversed(d)) == 1
            assert d[0] is not None
            assert d[-1] is not None

    def work(index):
        if index < 2:
            return write(index)
        try:
            return read(index)
        finally:
            done.set()

    run_threads(4, work)


def test_one_iterator_in_many_threads():
    it = iter(ConcurrentDeque(range(5000)))
    taken = run_threads(N, lambda _: list(it))
    assert sorted(flat(taken)) == list(range(5000))


def test_many_short_lives():
    d = ConcurrentDeque()

    def work(index):
        for n in range(400):
            mine = d.handle()
            mine.append(ConcurrentDeque([mine, index, n]))
            d.popleft(timeout=LONG).clear()
            iter(mine)

    run_threads(N, work)
    assert len(d) == 0


def test_collector_while_threads_work():
    d = ConcurrentDeque()
    done = threading.Event()

    def work(index):
        if index == 0:
            for _ in range(30):
                gc.collect()
            done.set()
            return
        while not done.is_set():
            d.extend([[d], [Thing()]])
            d.rotate(1)
            [None] in d  # noqa: B015
            d.pop(timeout=LONG)
            d.popleft(timeout=LONG)

    run_threads(4, work)
    d.clear()


def test_two_deques_in_each_other():
    # An operation on two deques holds the lock of one at a time.
    one, two = ConcurrentDeque("ab"), ConcurrentDeque("cd")

    def work(index):
        ours, theirs = (one, two) if index % 2 else (two, one)
        for _ in range(500):
            assert len(ours + theirs) >= 4
            assert ours != theirs
            ours.extend(theirs)
            while len(ours) > 2:
                ours.pop()

    run_threads(2, work)
