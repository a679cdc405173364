"""drain() of all queues, and the hint for the length of what an iteration yields."""

import itertools
import operator
import weakref

import pytest
from ft_utils.concurrency import (
    Full,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
)
from helpers.objects import Thing
from helpers.threads import Task, flat, run_threads

from queues.kinds import EACH, EACH_STD, STD


def filled(kind, items, maxsize=0):
    q = kind(maxsize=maxsize)
    for item in items:
        q.push(item)
    return q


@EACH
def test_drain(kind):
    for count in (0, 1, 2, 63, 64, 65, 200):
        q = filled(kind, range(count))
        items = q.drain()
        if kind is StdConcurrentLifoQueue:
            items.reverse()
        if kind is StdConcurrentPriorityQueue:
            items.sort()
        assert items == list(range(count))
        assert q.size() == 0
        assert q.drain() == []
        q.push(5)
        assert q.handle().drain() == [5]


@EACH
def test_drain_of_a_queue_that_is_shut_down(kind):
    q = filled(kind, [1])
    q.shutdown()
    assert q.drain() == [1]
    assert q.drain() == []
    with pytest.raises(ShutDown):
        q.pop()


@EACH
def test_drain_makes_room(kind):
    q = filled(kind, [1, 2], maxsize=2)
    pushes = [Task(q.push, n).until_asleep() for n in (3, 4)]
    assert sorted(q.drain()) == [1, 2]
    for push in pushes:
        push.result()
    assert sorted(q.drain()) == [3, 4]
    q.push_many([5, 6])
    with pytest.raises(Full):
        q.try_push(7)


def test_items_that_cannot_be_compared():
    q = StdConcurrentPriorityQueue()
    jobs = [(0, "root"), (1, {"job": 1}), (1, {"job": 2}), (2, {"job": 3})]
    for job in jobs:
        q.put(job)
    with pytest.raises(TypeError):
        q.get()
    rest = q.drain()
    assert sorted(rest, key=lambda job: (job[0], str(job[1]))) == jobs
    assert q.qsize() == 0
    # The remedy that the class names.
    count = itertools.count()
    for priority, job in jobs:
        q.put((priority, next(count), job))
    assert [q.get()[::2] for _ in jobs] == jobs


@EACH_STD
def test_drained_items_are_tasks(kind):
    """They are the caller's, as those of get() are."""
    q = filled(kind, [1, 2])
    joins = Task(q.join).until_asleep()
    items = q.drain()
    assert q.unfinished_tasks == 2
    for _ in items:
        assert not joins.is_done()
        q.task_done()
    joins.result()
    with pytest.raises(ValueError, match="task_done"):
        q.task_done()


class Slow:
    def __init__(self, key, before=lambda: None):
        self.key = key
        self.before = before

    def __lt__(self, other):
        self.before()
        return self.key < other.key


def test_comparison_may_drain():
    for use in (lambda q: q.put(Slow(0)), lambda q: q.put(Slow(9))):
        q = StdConcurrentPriorityQueue()
        drained = []
        q.put(Slow(1))
        q.peek().before = lambda q=q, drained=drained: drained.extend(q.drain())
        item = Slow(0, q.peek().before)
        q.put(item)
        assert len(drained) == 1
        assert q.drain() == [item]
        use(q)
        assert q.qsize() == 1


def test_drain_does_not_wait_for_a_comparison():
    q = StdConcurrentPriorityQueue()
    seen = []

    def drain():
        if not seen:
            seen.append(Task(q.drain).result())

    q.put(Slow(1))
    q.put(Slow(0, drain))
    assert [item.key for item in seen[0]] == [1]
    assert [item.key for item in q.drain()] == [0]


@EACH
def test_nothing_is_lost_or_comes_twice(kind):
    q = kind(maxsize=7)
    n_items = 2000

    def work(index):
        mine = q.handle()
        if index < 2:
            for n in range(n_items):
                mine.push(2 * n + index)
            return []
        got = []
        while True:
            try:
                got.append(mine.pop())
            except ShutDown:
                return got
            got += mine.drain()

    def feed_and_end(index):
        got = work(index)
        if index < 2 and next(fed) == 1:
            q.shutdown()
        return got

    fed = itertools.count()
    items = flat(run_threads(4, feed_and_end))
    assert sorted(items) == list(range(2 * n_items))


@EACH
def test_order_of_one_producer_stays(kind):
    if kind in STD[1:]:
        pytest.skip("not first in, first out")
    q = kind()
    producer = Task(lambda: [q.push(n) for n in range(5000)])
    items = []
    while len(items) < 5000:
        items += q.drain()
    producer.result()
    assert items == list(range(5000))


@EACH
def test_drained_items_die_promptly(kind):
    q = kind()
    thing = Thing()
    reference = weakref.ref(thing)
    q.push((1, thing))
    del thing
    items = q.drain()
    assert reference() is not None
    del items
    assert reference() is None


# The hint


@EACH
def test_length_hint(kind):
    q = filled(kind, range(5))
    iterator = iter(q)
    assert operator.length_hint(q) == operator.length_hint(iterator) == 5
    next(iterator)
    assert operator.length_hint(q) == operator.length_hint(iterator) == 4
    with pytest.raises(TypeError):
        len(q)
    q.shutdown()
    assert len(list(iterator)) == 4
    assert operator.length_hint(q) == operator.length_hint(iterator) == 0
    assert list(q) == []
    # It says nothing of truth.
    assert q
