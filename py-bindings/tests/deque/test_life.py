"""ConcurrentDeque: when its items die."""

import gc
import itertools
import operator
import sys

import pytest
from ft_utils.concurrency import ConcurrentDeque
from helpers.objects import Thing


def test_items_die_promptly():
    dead = []
    thing = itertools.count()

    def new():
        n = next(thing)
        return Thing(lambda: dead.append(n))

    d = ConcurrentDeque(maxlen=2)
    d.append(new())
    d.append(new())
    d.append(new())
    assert dead == [0]
    d.appendleft(new())
    assert dead == [0, 2]
    d[0] = new()
    assert dead == [0, 2, 3]
    del d[0]
    assert dead == [0, 2, 3, 4]
    d.pop()
    assert dead == [0, 2, 3, 4, 1]
    d.extend(new() for _ in range(5))
    assert sorted(dead) == [0, 1, 2, 3, 4, 5, 6, 7]
    d.extendleft([new()])
    assert sorted(dead) == [*range(8), 9]
    d.remove(d[0])
    d.clear()
    assert sorted(dead) == list(range(11))
    with pytest.raises(IndexError):
        d[0] = new()
    none = ConcurrentDeque(maxlen=0)
    none.append(new())
    none.extend([new()])
    d = ConcurrentDeque([new()])
    d *= 0
    it = iter(ConcurrentDeque([new()]))
    del it
    d = ConcurrentDeque([new()])
    del d
    assert sorted(dead) == list(range(17))


def test_death_may_use_the_deque():
    d = ConcurrentDeque(maxlen=3)

    def use():
        d.rotate(1)
        assert len(d) <= 3
        assert len(d.copy()) <= 3

    def new():
        return Thing(use)

    uses = [
        lambda: d.append(new()),
        lambda: d.appendleft(new()),
        lambda: d.extend([new(), new()]),
        lambda: d.extendleft([new(), new(), new(), new()]),
        lambda: operator.setitem(d, 0, new()),
        lambda: operator.delitem(d, 0),
        lambda: d.remove(d[0]),
        lambda: d.__imul__(3),
        lambda: d.pop() and None,
        lambda: d.clear(),
        lambda: d.__init__([new(), new()]),
    ]
    for use_twice in itertools.product(uses, repeat=2):
        d.extend([new(), new(), new()])
        for call in use_twice:
            if d or call not in uses[4:7] + uses[8:9]:
                call()
    d.clear()
    # Items that finalizers put in while clear() runs stay.
    d = ConcurrentDeque()
    d.append(Thing(lambda: d.append("last will")))
    d.clear()
    assert list(d) == ["last will"]


def test_reference_counts_stay():
    item = object()
    before = sys.getrefcount(item)
    d = ConcurrentDeque([item], 3)
    for _ in range(50):
        d.append(item)
        d.extendleft([item, item])
        d[0] = item
        d.insert(0, d.pop())
        del d[-1]
        d.rotate(1)
        d.reverse()
        d *= 3
        assert item in d
        assert d.index(item) == 0
        assert d.count(item) == len(d)
        d.remove(item)
        assert d == d.copy()
        assert list(d + d) == list(d * 2)
        assert list(reversed(d))
        next(iter(d))
        repr(d)
    d.clear()
    gc.collect()
    assert sys.getrefcount(item) == before
