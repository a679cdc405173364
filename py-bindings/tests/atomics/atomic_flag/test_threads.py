"""AtomicFlag: changes by many threads."""

import threading
import time

from ft_utils.concurrency import AtomicFlag
from helpers.limits import LONG
from helpers.threads import run_threads


def test_one_thread_is_first():
    for _ in range(50):
        flag = AtomicFlag(False)
        handles = [flag.handle() for _ in range(4)]
        assert sorted(run_threads(4, lambda i, h=handles: h[i].test_and_set())) == [0, 1, 1, 1]


def test_as_a_lock():
    flag, box = AtomicFlag(False), [0]

    def work(index):
        for _ in range(300):
            while not flag.compare_exchange(False, True):
                time.sleep(0)
            box[0] += 1
            flag.clear()

    run_threads(4, work)
    assert box == [1200]


def test_exchanges_add_up():
    flag = AtomicFlag(False)

    def work(index):
        sets = clears = 0
        for _ in range(2000):
            sets += not flag.exchange(True)
            clears += flag.exchange(False)
        return sets - clears

    assert sum(run_threads(4, work)) == flag.get()


def test_ping_pong():
    ping, pong = AtomicFlag(False), AtomicFlag(False)

    def work(index):
        mine, theirs = (ping, pong)[:: 1 if index else -1]
        for _ in range(500):
            if index:
                theirs.set(True)
            assert mine.wait(LONG)
            mine.clear()
            if not index:
                theirs.set(True)

    run_threads(2, work)
    assert not ping
    assert not pong


def test_short_timeouts_among_threads():
    flag, done = AtomicFlag(False), threading.Event()

    def work(index):
        if index == 0:
            for _ in range(2000):
                flag.set(True)
                flag.clear()
            done.set()
            return 0
        seen = 0
        while not done.is_set():
            seen += flag.wait(0.0001)
        return seen

    run_threads(3, work)
    assert not flag
