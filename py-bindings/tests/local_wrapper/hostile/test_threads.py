"""LocalWrapper, attacked: one wrapper in many threads."""

import sys
import threading

import pytest
from ft_utils.concurrency import ConcurrentQueue
from ft_utils.local import LocalWrapper
from helpers.objects import Thing
from helpers.threads import run_threads

THREADS = 6
ROUNDS = 3000


def test_one_wrapper_for_all_threads():
    class Value:
        def __init__(self, n=0):
            self.n = n

        def __add__(self, other):
            return Value(self.n + other)

        def __call__(self):
            return self.n

        def __len__(self):
            return self.n

    wrapper = LocalWrapper(Value())

    def work(index):
        mine = wrapper
        for _ in range(ROUNDS):
            if index % 2:
                mine += 1
            else:
                assert mine() >= 0
                assert len(mine) >= 0
                assert mine.n >= 0
                assert type(mine.wrapped) is Value
        return mine

    assert all(mine is wrapper for mine in run_threads(THREADS, work))
    assert 0 < wrapper.n <= THREADS // 2 * ROUNDS


def test_one_wrapper_whose_methods_all_threads_use():
    text = "text"
    names = [name for name in dir(text) if not name.startswith("_") and name != "maketrans"]

    for _ in range(50):
        wrapper = LocalWrapper(text)
        start = threading.Barrier(THREADS)

        def work(index, wrapper=wrapper, start=start):
            order = names[index:] + names[:index]
            start.wait()
            for name in order:
                assert getattr(wrapper, name) == getattr(text, name)

        run_threads(THREADS, work)


def test_wrappers_that_die_in_other_threads():
    q = ConcurrentQueue(maxsize=100)
    things = [Thing() for _ in range(10)]

    def work(index):
        if index % 2:
            for _ in range(ROUNDS):
                wrapper = LocalWrapper(things[index])
                assert wrapper.at_death() is None
                q.push(LocalWrapper([wrapper]))
        else:
            for _ in range(ROUNDS):
                q.pop_local().wrapped.wrapped.clear()

    run_threads(THREADS, work)
    assert not q.size()


# Before 3.13 a queue has a dict from the start, and then methods are not kept.
@pytest.mark.skipif(sys.version_info < (3, 13), reason="the queue may have attributes")
def test_methods_of_ours_count_no_references():
    q = ConcurrentQueue()
    wrapper = LocalWrapper(q)
    wrapper.push(1)
    before = sys.getrefcount(q)
    methods = [wrapper.push, wrapper.try_push, wrapper.size, wrapper.pop]
    assert sys.getrefcount(q) == before
    assert methods[0] is wrapper.push
