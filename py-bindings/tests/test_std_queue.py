"""StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue: as in queue."""

import contextlib
import copy
import gc
import inspect
import itertools
import math
import os
import pickle
import queue
import sys
import threading
import time
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import (
    AtomicInt64,
    ConcurrentQueue,
    Empty,
    Full,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)
from ft_utils.local import LocalWrapper
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support import Task, Thing, collected, flat, run_python, run_threads

KINDS = [StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue]
THEIRS = {
    StdConcurrentQueue: queue.Queue,
    StdConcurrentLifoQueue: queue.LifoQueue,
    StdConcurrentPriorityQueue: queue.PriorityQueue,
}
EACH = pytest.mark.parametrize("kind", KINDS, ids=["fifo", "lifo", "priority"])
ORDERED = pytest.mark.parametrize("kind", KINDS[1:], ids=["lifo", "priority"])
WITH_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
POSIX = pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")

TOO_MANY = r"task_done\(\) called too many times"
NEGATIVE = "'timeout' must be a non-negative number"


def filled(kind, items, maxsize=0):
    q = kind(maxsize)
    for item in items:
        q.put(item)
    return q


def drained(q):
    items = []
    try:
        while True:
            items.append(q.get_nowait())
    except (Empty, ShutDown):
        return items


def in_order(kind, items):
    """What comes out of a queue that items have gone into."""
    if kind is StdConcurrentQueue:
        return list(items)
    return sorted(items, reverse=kind is StdConcurrentLifoQueue)


class Item:
    """Compares slowly, by a method in Python, and calls something when it does."""

    def __init__(self, key, at_compare=lambda: None):
        self.key = key
        self.at_compare = at_compare

    def __lt__(self, other):
        self.at_compare()
        return self.key < other.key

    def __eq__(self, other):
        return self.key == other.key

    def __repr__(self):
        return f"Item({self.key})"


# Making one


@EACH
@pytest.mark.parametrize("maxsize", [0, -1, -5, 0.0, -0.5, math.nan, -math.inf, False])
def test_unbounded(kind, maxsize):
    for q in (kind(maxsize), kind(maxsize=maxsize)):
        for n in range(100):
            q.put_nowait(n)
            assert not q.full()
        assert q.qsize() == 100
        assert q.maxsize == 0


@EACH
@pytest.mark.parametrize(
    ("maxsize", "bound"),
    [(1, 1), (3, 3), (True, 1), (2.0, 2), (2.5, 3), (0.1, 1), (AtomicInt64(2), 2)],
)
def test_bounded(kind, maxsize, bound):
    for q in (kind(maxsize), kind(maxsize=maxsize)):
        assert q.maxsize == bound
        for n in range(bound):
            assert not q.full()
            q.put_nowait(n)
        assert q.full()
        with pytest.raises(Full) as caught:
            q.put_nowait(bound)
        assert caught.value.args == ()
        assert q.qsize() == q.size() == bound


@EACH
def test_bound_beyond_memory(kind):
    for maxsize in (math.inf, 2**70, 1e300):
        q = kind(maxsize)
        q.put(1)
        assert not q.full()
        assert q.maxsize >= sys.maxsize


@EACH
def test_bad_constructions(kind):
    for args, kwargs in [
        ((None,), {}),
        (("3",), {}),
        (([],), {}),
        ((1, 2), {}),
        ((), {"size": 3}),
        ((), {"scaling": 3}),
    ]:
        with pytest.raises(TypeError):
            kind(*args, **kwargs)


def test_kinds():
    q = StdConcurrentQueue()
    assert isinstance(q, ConcurrentQueue)
    assert issubclass(StdConcurrentQueue, ConcurrentQueue)
    for kind in KINDS:
        assert kind.__module__ == "ft_utils.concurrency"
        assert not issubclass(kind, queue.Queue)
        assert pickle.loads(pickle.dumps(kind)) is kind
        assert kind.__doc__


@EACH
def test_signatures_are_those_of_queue(kind):
    theirs = THEIRS[kind]
    for name in ("put", "get", "put_nowait", "get_nowait", "qsize", "empty", "full", "join"):
        ours = inspect.signature(getattr(kind, name))
        expected = inspect.signature(getattr(theirs, name))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in expected.parameters.values()
        ]
    assert str(inspect.signature(kind.shutdown)) == "(self, /, immediate=False)"
    assert str(inspect.signature(kind)) == "(maxsize=0)"
    for name in dir(kind):
        method = getattr(kind, name)
        if not name.startswith("_"):
            assert inspect.getdoc(method), name
            if callable(method):
                assert inspect.signature(method) is not None


@EACH
def test_everything_of_queue_is_there(kind):
    # What stands for the lock around their Python code. Documented as missing.
    missing = {"mutex", "not_empty", "not_full", "all_tasks_done", "queue"}
    q, theirs = kind(2), THEIRS[kind](2)
    names = {name for name in dir(theirs) if not name.startswith("_")} - missing
    assert names <= set(dir(q))
    assert not missing & set(dir(q))
    for one in (q, theirs):
        assert (one.maxsize, one.unfinished_tasks) == (2, 0)
        assert not getattr(one, "is_shutdown", False)


# One thread


@EACH
def test_order(kind):
    q = kind()
    for n in range(200):
        assert q.put(n) is None
    assert [q.get() for _ in range(200)] == in_order(kind, range(200))
    assert q.empty()


@EACH
def test_items_of_any_kind(kind):
    for item in (None, 0, "", Empty(), ShutDown, [], kind()):
        q = kind()
        q.put(item)
        assert q.get() is item


@EACH
def test_empty_queue(kind):
    q = kind()
    for call in (
        lambda: q.get_nowait(),
        lambda: q.get(False),
        lambda: q.get(block=False),
        lambda: q.get(block=None),
        lambda: q.get(0, None),
        lambda: q.get(True, 0),
        lambda: q.get(timeout=0.0),
        lambda: q.get(timeout=0.001),
        lambda: q.get([1], timeout=Fraction(1, 1000)),
        lambda: q.get(False, -1),
        lambda: q.get(block=False, timeout="never"),
        lambda: q.pop(0),
        lambda: q.try_pop(),
        lambda: q.pop_many(3, 0),
        lambda: q.peek(),
    ):
        with pytest.raises(Empty) as caught:
            call()
        assert caught.value.args == ()
    assert q.qsize() == 0


@EACH
def test_full_queue(kind):
    q = filled(kind, [1], maxsize=1)
    for call in (
        lambda: q.put_nowait(2),
        lambda: q.put(2, False),
        lambda: q.put(2, block=0),
        lambda: q.put(2, block=None),
        lambda: q.put(2, True, 0),
        lambda: q.put(2, timeout=0.001),
        lambda: q.put(item=2, block=True, timeout=Decimal("0.001")),
        lambda: q.put(2, False, -1),
        lambda: q.put(2, block=False, timeout="never"),
        lambda: q.push(2, 0),
        lambda: q.try_push(2),
        lambda: q.push_many([2], 0),
    ):
        with pytest.raises(Full):
            call()
    assert q.unfinished_tasks == 1
    assert drained(q) == [1]


@EACH
@pytest.mark.parametrize("timeout", [-1, -0.001, -math.inf, math.nan])
def test_negative_timeout(kind, timeout):
    q = filled(kind, [1], maxsize=2)
    with pytest.raises(ValueError, match=NEGATIVE):
        q.get(timeout=timeout)
    with pytest.raises(ValueError, match=NEGATIVE):
        q.put(2, timeout=timeout)
    # There is never anything to wait for.
    unbounded = kind()
    unbounded.put(1, timeout=timeout)
    assert drained(unbounded) == drained(q) == [1]


@EACH
@pytest.mark.parametrize("timeout", ["1", [], object()])
def test_timeout_of_the_wrong_type(kind, timeout):
    q = filled(kind, [1], maxsize=2)
    with pytest.raises(TypeError, match="timeout"):
        q.get(timeout=timeout)
    with pytest.raises(TypeError, match="timeout"):
        q.put(2, timeout=timeout)
    assert q.unfinished_tasks == q.qsize() == 1


@EACH
@pytest.mark.parametrize("timeout", [-1, "1"])
def test_shutdown_comes_before_bad_timeouts(kind, timeout):
    q = kind(1)
    q.shutdown()
    with pytest.raises(ShutDown):
        q.get(timeout=timeout)
    with pytest.raises(ShutDown):
        q.put(1, timeout=timeout)


@EACH
def test_block_that_has_no_truth(kind):
    class Bad:
        def __bool__(self):
            raise LookupError

    q = filled(kind, [1])
    with pytest.raises(LookupError):
        q.put(2, Bad())
    with pytest.raises(LookupError):
        q.get(Bad())
    assert drained(q) == [1]
    assert q.unfinished_tasks == 1


@EACH
def test_wrong_arguments(kind):
    q = kind()
    for call in (
        lambda: q.put(),
        lambda: q.put(1, True, 1, 1),
        lambda: q.put(1, foo=2),
        lambda: q.put(value=1),
        lambda: q.put_nowait(),
        lambda: q.put_nowait(1, 2),
        lambda: q.get(True, 1, 1),
        lambda: q.get(foo=1),
        lambda: q.get_nowait(1),
        lambda: q.qsize(1),
        lambda: q.task_done(1),
        lambda: q.join(1),
        lambda: q.shutdown(True, True),
    ):
        with pytest.raises(TypeError):
            call()
    assert q.qsize() == q.unfinished_tasks == 0


@EACH
@pytest.mark.parametrize("timeout", [0.02, 0.1])
def test_timeouts_are_not_cut_short(kind, timeout):
    q = kind(1)
    start = time.monotonic()
    with pytest.raises(Empty):
        q.get(timeout=timeout)
    assert time.monotonic() - start >= timeout
    q.put(1)
    start = time.monotonic()
    with pytest.raises(Full):
        q.put(2, timeout=timeout)
    assert time.monotonic() - start >= timeout


@EACH
def test_failed_calls_leave_no_trace(kind):
    q = kind(1)
    for _ in range(500):
        with pytest.raises(Empty):
            q.get(timeout=0.00001)
        with pytest.raises(TypeError):
            q.get(timeout="x")
    q.put(1)
    for _ in range(500):
        with pytest.raises(Full):
            q.put(2, timeout=0.00001)
    assert (q.qsize(), q.unfinished_tasks) == (1, 1)
    assert q.get() == 1


# The rest of ConcurrentQueue


@EACH
def test_as_a_concurrent_queue(kind):
    q = kind(4)
    q.push(3)
    q.push(value=1, timeout=1)
    q.try_push(2)
    assert q.size() == 3
    assert not q.empty()
    assert q.unfinished_tasks == 3
    expected = {KINDS[0]: [3, 1, 2], KINDS[1]: [2, 1, 3], KINDS[2]: [1, 2, 3]}[kind]
    assert q.peek() == expected[0]
    local = q.pop_local()
    assert isinstance(local, LocalWrapper)
    assert local.wrapped == expected[0]
    assert q.pop() == expected[1]
    assert q.try_pop() == expected[2]
    with pytest.raises(Full) as caught:
        q.push_many(range(6), timeout=0)
    assert caught.value.remaining == [4, 5]
    assert q.unfinished_tasks == 7
    assert q.pop_many(3) == in_order(kind, range(4))[:3]
    assert q.pop_many(3) == in_order(kind, range(4))[3:]
    for bad in (0, -1):
        with pytest.raises(ValueError, match="max_items"):
            q.pop_many(bad)
    with pytest.raises(ValueError, match="timeout"):
        q.push(1, -1)
    with pytest.raises(ValueError, match="timeout"):
        q.pop(-1)
    with pytest.raises(TypeError):
        q.push_many(3)
    for _ in range(7):
        q.task_done()
    with pytest.raises(ValueError, match=TOO_MANY):
        q.task_done()


@EACH
def test_push_respects_the_bound_and_counts(kind):
    q = kind(1)
    ConcurrentQueue.push(q, 1) if kind is StdConcurrentQueue else q.push(1)
    assert q.unfinished_tasks == 1
    with pytest.raises(Full):
        q.push(2, 0)
    with pytest.raises(Full):
        q.put_nowait(2)
    q.task_done()
    q.join()


@EACH
def test_push_many_reads_first(kind):
    q = kind()

    def source():
        yield 1
        q.put(0)
        raise LookupError

    with pytest.raises(LookupError):
        q.push_many(source())
    assert drained(q) == [0]
    q.push_many([])
    assert q.unfinished_tasks == 1


@EACH
def test_iteration_ends_at_shutdown(kind):
    q = filled(kind, range(5))
    items = iter(q)
    assert iter(items) is items
    assert next(items) == in_order(kind, range(5))[0]
    q.shutdown()
    assert list(items) == in_order(kind, range(5))[1:]
    assert list(items) == list(q) == []


@EACH
def test_iteration_in_threads(kind):
    q = kind(3)

    def work(index):
        if index == 0:
            q.push_many(range(1000))
            return q.shutdown()
        return list(q.handle())

    results = run_threads(4, work)[1:]
    assert sorted(flat(results)) == list(range(1000))


# Tasks


@EACH
def test_task_done_too_often(kind):
    q = kind()
    for _ in range(3):
        with pytest.raises(ValueError, match=TOO_MANY):
            q.task_done()
        assert q.unfinished_tasks == 0
    q.join()
    # Without a get, too: as in queue.Queue.
    q.put(1)
    q.task_done()
    with pytest.raises(ValueError, match=TOO_MANY):
        q.task_done()
    q.join()
    assert q.qsize() == 1


@EACH
def test_refused_items_are_no_tasks(kind):
    q = filled(kind, [1], maxsize=1)
    q.task_done()
    for call in (lambda: q.put_nowait(2), lambda: q.push_many([2], 0), lambda: q.try_push(2)):
        with pytest.raises(Full):
            call()
        assert q.unfinished_tasks == 0
        with pytest.raises(ValueError, match=TOO_MANY):
            q.task_done()
    q.shutdown()
    with pytest.raises(ShutDown):
        q.put(2)
    assert q.unfinished_tasks == 0


@EACH
def test_join_waits_for_the_last(kind):
    q = filled(kind, range(3))
    joins = [Task(q.join), Task(q.handle().join)]
    for _ in range(3):
        for join in joins:
            assert not join.until_asleep().is_done()
        q.get()
        q.task_done()
    for join in joins:
        join.result()


@EACH
@pytest.mark.parametrize("maxsize", [0, 2])
def test_join_means_done(kind, maxsize):
    q, done = kind(maxsize), AtomicInt64()
    n_items = 300

    def work(index):
        mine = q.handle()
        if index == 0:
            for round in range(n_items):
                mine.put(round)
                if round % 10 == 9:
                    mine.join()
                    assert done.get() == round + 1
            return mine.shutdown()
        while True:
            try:
                mine.get()
            except ShutDown:
                return None
            done.incr()
            mine.task_done()

    run_threads(4, work)
    assert (done.get(), q.unfinished_tasks) == (n_items, 0)


@EACH
def test_one_task_done_too_many_among_threads(kind):
    """Of many calls exactly as many succeed as there are tasks, though puts fail all the time."""
    q = filled(kind, [0], maxsize=1)
    n_tasks = 100
    n_refused = AtomicInt64()

    def work(index):
        mine = q.handle()
        if index == 0:
            for _ in range(2000):
                with pytest.raises(Full):
                    mine.put_nowait(1)
            return 0
        for _ in range(2000):
            try:
                mine.task_done()
            except ValueError:
                n_refused.incr()
        return 0

    for _ in range(n_tasks - 1):
        assert q.get() == 0
        q.put(0)
    assert q.unfinished_tasks == n_tasks
    run_threads(3, work)
    assert n_refused == 2 * 2000 - n_tasks
    assert q.unfinished_tasks == 0


# Shutdown


@EACH
def test_shutdown_lets_drain(kind):
    q = filled(kind, [1, 2], maxsize=2)
    assert not q.is_shutdown
    assert q.shutdown() is None
    assert q.is_shutdown
    for call in (
        lambda: q.put(3),
        lambda: q.put_nowait(3),
        lambda: q.put(3, timeout=0),
        lambda: q.push(3),
        lambda: q.push_many([3]),
    ):
        with pytest.raises(ShutDown) as caught:
            call()
        assert caught.value.args == ()
    assert (q.qsize(), q.full(), q.empty()) == (2, True, False)
    assert [q.get(), q.get_nowait()] == in_order(kind, [1, 2])
    for call in (
        lambda: q.get(),
        lambda: q.get_nowait(),
        lambda: q.get(timeout=0),
        lambda: q.get(timeout=0.1),
        lambda: q.pop(),
        lambda: q.try_pop(),
        lambda: q.pop_many(2),
    ):
        with pytest.raises(ShutDown):
            call()
    assert q.unfinished_tasks == 2
    q.task_done()
    q.task_done()
    q.join()


@EACH
def test_immediate_shutdown_drops(kind):
    q = filled(kind, [(n, Thing()) for n in range(3)], maxsize=3)
    held = q.get()
    reference = weakref.ref(q.peek()[1])
    q.shutdown(immediate=True)
    assert reference() is None
    assert held
    assert (q.qsize(), q.empty(), q.full(), q.is_shutdown) == (0, True, False, True)
    for _ in range(5):
        with pytest.raises(ShutDown):
            q.get_nowait()
    # What was taken out before is still to be done.
    assert q.unfinished_tasks == 1
    join = Task(q.join)
    assert not join.until_asleep().is_done()
    q.task_done()
    join.result()
    with pytest.raises(ValueError, match=TOO_MANY):
        q.task_done()


@EACH
@pytest.mark.parametrize("immediate", [0, 1, None, "", "yes", [], [0]])
def test_shutdown_takes_any_truth_value(kind, immediate):
    q = filled(kind, [1])
    q.shutdown(immediate)
    assert q.qsize() == (0 if immediate else 1)


@EACH
def test_shutdown_can_be_raised(kind):
    q = filled(kind, range(3))
    q.shutdown()
    q.shutdown()
    assert q.qsize() == 3
    q.shutdown(True)
    assert q.qsize() == q.unfinished_tasks == 0
    q.shutdown(False)
    assert q.is_shutdown


@EACH
def test_immediate_shutdown_after_early_task_done(kind):
    q = filled(kind, range(3))
    q.task_done()
    q.task_done()
    q.shutdown(immediate=True)
    assert q.unfinished_tasks == 0
    q.join()


@EACH
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_wakes_everyone(kind, immediate):
    q, full = kind(), filled(kind, [1], maxsize=1)
    calls = [Task(q.get), Task(q.get, timeout=1000), Task(q.pop_many, 3)]
    calls += [Task(full.put, 2), Task(full.put, 2, timeout=1000), Task(full.push, 2)]
    for call in calls:
        call.until_asleep()
    q.shutdown(immediate)
    full.shutdown(immediate)
    for call in calls:
        with pytest.raises(ShutDown):
            call.result()
    assert full.qsize() == (0 if immediate else 1)


@EACH
def test_immediate_shutdown_releases_join(kind):
    q = filled(kind, range(5))
    joins = [Task(q.join).until_asleep() for _ in range(3)]
    assert not any(join.is_done() for join in joins)
    q.handle().shutdown(immediate=True)
    for join in joins:
        join.result()


@EACH
def test_put_then_shutdown_loses_nothing(kind):
    for _ in range(20):
        q = kind()
        get = Task(q.get).until_asleep()
        q.put(1)
        q.shutdown()
        assert get.result() == 1
        q.task_done()
        q.join()


@EACH
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_among_threads(kind, immediate):
    """Each item is delivered, dropped or refused, and the tasks add up."""
    for _ in range(20):
        q = kind(4)

        def work(index, q=q):
            mine, count = q.handle(), 0
            try:
                while True:
                    if index == 0:
                        if count == 30:
                            mine.shutdown(immediate)
                            return 0
                        mine.put(count)
                        count += 1
                    elif index < 3:
                        mine.put(count)
                        count += 1
                    else:
                        mine.get()
                        count += 1
                        mine.task_done()
            except ShutDown:
                return count

        run_threads(5, work)
        assert q.empty()
        q.join()
        assert q.unfinished_tasks == 0


# Compared with the library's own


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["put_nowait", "push"]), st.integers(0, 9)),
        st.sampled_from(
            [("get_nowait",), ("task_done",), ("qsize",), ("full",), ("empty",), ("get", True, 0)]
        ),
        st.sampled_from([("shutdown", False), ("shutdown", True)]),
    ),
    max_size=40,
)


@EACH
@pytest.mark.skipif(not hasattr(queue, "ShutDown"), reason="no shutdown in queue")
@given(maxsize=st.integers(-1, 4), steps=STEPS)
def test_does_what_theirs_does(kind, maxsize, steps):
    def run(q, name, *args):
        if name == "push":
            # One that does not wait.
            name, args = "put", (*args, True, 0)
        try:
            return getattr(q, name)(*args)
        except (Empty, Full, ShutDown, ValueError) as error:
            return type(error), error.args

    ours, theirs = kind(maxsize), THEIRS[kind](maxsize)
    shuts = 0
    for step in steps:
        # More than one in a few would leave little else to look at.
        if step[0] == "shutdown":
            shuts += 1
            if shuts % 3:
                continue
        assert run(ours, *step) == run(theirs, *step)
        assert ours.unfinished_tasks == theirs.unfinished_tasks
        assert ours.is_shutdown == theirs.is_shutdown


class LikeTheirs(RuleBasedStateMachine):
    """Whatever is done to both, they hold the same: every method, in any order."""

    @initialize(kind=st.sampled_from(KINDS), maxsize=st.integers(-1, 5))
    def make(self, kind, maxsize):
        self.ours, self.theirs = kind(maxsize), THEIRS[kind](maxsize)
        self.closed = False
        self.next = 0

    def fresh(self, count):
        # In an order that is neither that of a queue nor that of a heap; no two are equal.
        self.next += count
        return [n * 7919 % 1009 for n in range(self.next - count, self.next)]

    @property
    def room(self):
        size = self.theirs.maxsize
        return size - self.theirs.qsize() if size > 0 else math.inf

    @rule(way=st.sampled_from(["put", "put_nowait", "push", "try_push", "handle", "now"]))
    def put(self, way):
        (item,) = self.fresh(1)
        call = {
            "put": lambda: self.ours.put(item, timeout=0),
            "put_nowait": lambda: self.ours.put_nowait(item),
            "push": lambda: self.ours.push(item, 0),
            "try_push": lambda: self.ours.try_push(item),
            "handle": lambda: self.ours.handle().put(item, False),
            "now": lambda: self.ours.put(item, block=False, timeout=-1),
        }[way]
        if self.closed or not self.room:
            with pytest.raises(ShutDown if self.closed else Full):
                call()
        else:
            call()
            self.theirs.put_nowait(item)

    @rule(count=st.integers(0, 6))
    def push_many(self, count):
        items = self.fresh(count)
        stays = 0 if self.closed else min(count, self.room)
        for item in items[:stays]:
            self.theirs.put_nowait(item)
        if stays == count:
            self.ours.push_many(items, 0)
            return
        with pytest.raises(ShutDown if self.closed else Full) as caught:
            self.ours.push_many(items, 0)
        assert caught.value.remaining == items[stays:]

    @rule(
        way=st.sampled_from(["get", "get_nowait", "pop", "try_pop", "pop_many", "iter", "handle"])
    )
    def get(self, way):
        call = {
            "get": lambda: self.ours.get(timeout=0),
            "get_nowait": self.ours.get_nowait,
            "pop": lambda: self.ours.pop(0),
            "try_pop": self.ours.try_pop,
            "pop_many": lambda: self.ours.pop_many(1, 0)[0],
            "iter": lambda: next(iter(self.ours)) if self.theirs.qsize() else self.ours.get(False),
            "handle": lambda: self.ours.handle().get(False),
        }[way]
        if self.theirs.empty():
            with pytest.raises(ShutDown if self.closed else Empty):
                call()
        else:
            assert call() == self.theirs.get_nowait()

    @rule(count=st.integers(1, 6))
    def pop_many(self, count):
        expected = [self.theirs.get_nowait() for _ in range(min(count, self.theirs.qsize()))]
        if expected:
            assert self.ours.pop_many(count, 0) == expected

    @rule()
    def task_done(self):
        if self.theirs.unfinished_tasks:
            self.theirs.task_done()
            self.ours.task_done()
        else:
            with pytest.raises(ValueError, match=TOO_MANY):
                self.ours.task_done()

    @rule()
    def join(self):
        if not self.theirs.unfinished_tasks:
            self.ours.join()

    @rule(how=st.sampled_from(["not", "not", "not", "not", "softly", "immediately"]))
    def shutdown(self, how):
        if how == "not":
            return
        self.closed = True
        self.ours.shutdown(immediate=how == "immediately")
        # A queue of Python 3.11 cannot; a newer one does this.
        while how == "immediately" and not self.theirs.empty():
            self.theirs.get_nowait()
            if self.theirs.unfinished_tasks:
                self.theirs.task_done()

    @invariant()
    def same(self):
        if not hasattr(self, "ours"):
            return
        assert self.ours.qsize() == self.ours.size() == self.theirs.qsize()
        assert self.ours.empty() == self.theirs.empty()
        assert self.ours.full() == self.theirs.full()
        assert self.ours.unfinished_tasks == self.theirs.unfinished_tasks
        assert self.ours.is_shutdown == self.closed
        if self.theirs.empty():
            with pytest.raises(Empty):
                self.ours.peek()
        else:
            at = -1 if isinstance(self.ours, StdConcurrentLifoQueue) else 0
            assert self.ours.peek() == self.theirs.queue[at]


TestLikeTheirs = LikeTheirs.TestCase


# Many threads


@EACH
@pytest.mark.parametrize("maxsize", [0, 1, 5])
def test_everything_arrives(kind, maxsize):
    q = kind(maxsize)
    n_items, n_threads = 500, 3

    def work(index):
        mine = q.handle()
        if index < n_threads:
            for n in range(n_items):
                if n % 3 == 0:
                    mine.put((n, index))
                elif n % 3 == 1:
                    mine.put((n, index), timeout=1000)
                else:
                    while True:
                        try:
                            mine.put_nowait((n, index))
                            break
                        except Full:
                            time.sleep(0)
                assert maxsize == 0 or mine.qsize() <= maxsize
            return []
        got = []
        for n in range(n_items):
            got.append(mine.get() if n % 2 else mine.get(timeout=1000))
            mine.task_done()
        return got

    results = run_threads(2 * n_threads, work)[n_threads:]
    assert sorted(flat(results)) == sorted(itertools.product(range(n_items), range(n_threads)))
    if kind is StdConcurrentQueue:
        for got in results:
            for index in range(n_threads):
                mine = [n for n, producer in got if producer == index]
                assert mine == sorted(mine)
    q.join()
    assert q.empty()


@EACH
def test_bound_is_exact_among_threads(kind):
    for _ in range(100):
        q = kind(1)

        def put(index, q=q):
            try:
                q.put_nowait(index)
                return 1
            except Full:
                return 0

        assert sum(run_threads(4, put)) == 1
        assert q.qsize() == q.unfinished_tasks == 1


@EACH
def test_waiting_getters_are_no_room(kind):
    q = kind(1)
    gets = [Task(q.get).until_asleep() for _ in range(2)]
    q.put(1)
    q.put(2)
    assert sorted(get.result() for get in gets) == [1, 2]
    q.put(3)
    with pytest.raises(Full):
        q.put_nowait(4)


def test_getters_are_served_in_line():
    q = StdConcurrentQueue()
    with pytest.raises(Empty):
        q.get(timeout=0.001)
    gets = [Task(q.get).until_asleep()]
    gets.append(Task(q.get).until_asleep())
    q.put("first")
    gets[0].result()
    q.put("second")
    assert [get.result() for get in gets] == ["first", "second"]


# The order of a priority queue


def test_priorities_as_heapq():
    class Quick(float):
        pass

    for items in (
        [5, 1, 4, 1, 3, 2**80, -(2**70), 0],
        [2.5, -0.0, 1e300, math.inf, -math.inf, 0.1],
        ["b", "", "a", "\udc80", "z" * 100, "ab"],
        [b"b", b"", b"a"],
        [(2, "b"), (1, "c"), (2, "a"), (1,), (), (1, "c", None)],
        [(1, (2, 3)), (1, (2, 1)), (0, "x")],
        [(True, 1), (False, 0), (1, 0)],
        [1, 2.5, True, 0.5, Fraction(1, 3), Decimal(2), 10**30, 1e29],
        [Quick(2), 1, Quick(0.5), 3.0],
        [Item(3), Item(1), Item(2)],
        [(1, Item(3)), (1, Item(2)), (0, Item(9)), (1, Item(1))],
        [[2], [1, 5], [1]],
        [{1, 2}, {1}, set()],
    ):
        q = StdConcurrentPriorityQueue()
        for item in items:
            q.put(item)
        assert [q.get() for _ in items] == sorted(items)


@given(st.lists(st.integers() | st.floats() | st.booleans() | st.fractions()))
def test_priorities_of_mixed_numbers(numbers):
    q = filled(StdConcurrentPriorityQueue, numbers)
    got = [q.get() for _ in numbers]
    assert sorted(map(id, got)) == sorted(map(id, numbers))
    if not any(math.isnan(n) for n in numbers):
        assert got == sorted(numbers)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "b"]))))
def test_priorities_of_tuples(items):
    q = filled(StdConcurrentPriorityQueue, items)
    assert [q.get() for _ in items] == sorted(items)


def test_items_that_cannot_be_compared():
    q = filled(StdConcurrentPriorityQueue, [1, 2])
    for bad in ("a", None, object(), (1,), 1j):
        with pytest.raises(TypeError, match="not supported"):
            q.put(bad)
        assert (q.qsize(), q.unfinished_tasks) == (2, 2)
    with pytest.raises(TypeError) as caught:
        q.push_many([0, 3, "a", 4])
    assert caught.value.remaining == ["a", 4]
    assert drained(q) == [0, 1, 2, 3]


def test_first_item_is_compared_with_nothing():
    q = StdConcurrentPriorityQueue()
    q.put(thing := object())
    assert q.get() is thing


@pytest.mark.parametrize("n_items", [2, 3, 4, 7, 8, 20])
def test_failing_comparison_changes_nothing(n_items):
    """Whichever comparison of a put and of a get it is that raises."""
    keys = list(range(n_items))
    for failing in itertools.count():
        left = math.inf

        def compare():
            nonlocal left
            left -= 1
            if left < 0:
                raise LookupError

        q = filled(StdConcurrentPriorityQueue, [Item(key, compare) for key in reversed(keys)])
        left, expected = failing, keys
        try:
            q.put(Item(-1, compare))
            expected = [-1] + expected
        except LookupError:
            assert q.qsize() == q.unfinished_tasks == n_items
        left, got = failing, []
        try:
            got.append(q.get().key)
        except LookupError:
            assert q.qsize() == len(expected)
        left = math.inf
        assert got + [item.key for item in drained(q)] == expected
        if got and expected[0] == -1:
            break
    assert failing > 0


def test_pop_many_with_a_failing_comparison():
    def compare():
        if failing:
            raise LookupError

    failing = False
    # The first get compares ints alone.
    items = [(0,), (1, Item(0, compare)), (2,), (1, Item(2, compare)), (1, Item(1, compare))]
    q = filled(StdConcurrentPriorityQueue, items)
    failing = True
    with pytest.raises(LookupError) as caught:
        q.pop_many(4)
    failing = False
    popped = getattr(caught.value, "popped", [])
    assert popped + drained(q) == sorted(items)
    assert len(popped) < 4


def test_comparison_may_use_the_queue():
    """The call that compares starts again, on what is there then."""
    q = filled(StdConcurrentPriorityQueue, map(Item, (5, 3, 4, 1, 2)))
    calls = 0

    def compare():
        nonlocal calls
        calls += 1
        if calls == 1:
            q.put(Item(0))
            assert q.qsize() == 6
            assert not q.empty() and not q.full()
        elif calls == 2:
            assert q.get().key == 0
            assert q.get().key == 1
            q.task_done()

    q.put(Item(2.5, compare))
    assert calls > 2
    assert q.unfinished_tasks == 6
    assert [item.key for item in drained(q)] == [2, 2.5, 3, 4, 5]


@pytest.mark.parametrize("use", ["put", "get"])
def test_heap_that_changes_during_a_comparison(use):
    """A place that was found in the heap as it was before is not used."""
    for n_items, at_call in itertools.product(range(2, 12), range(1, 5)):
        q = StdConcurrentPriorityQueue()
        calls, got = 0, []

        def compare(q=q, use=use, at_call=at_call, got=got):
            nonlocal calls
            calls += 1
            if calls == at_call:
                for n in range(5):
                    q.put(Item(-n)) if use == "put" else got.append(q.get_nowait().key)

        before = [Item(n, compare) for n in range(n_items, 0, -1)]
        calls = 100
        for item in before:
            q.put(item)
        calls = 0
        # It ends as well as if the calls within had come before.
        with contextlib.suppress(Empty):
            q.put(Item(0.5, compare))
            calls = 0
            got.append(q.get_nowait().key)
        calls = 100
        rest = [item.key for item in drained(q)]
        assert rest == sorted(rest)
        assert q.unfinished_tasks == len(got) + len(rest)


def test_same_object_in_tuples_is_equal():
    """Even if it is not equal to itself, or not comparable."""
    for same in (math.nan, object()):
        q = filled(StdConcurrentPriorityQueue, [(same, n) for n in (3, 1, 2)])
        assert [q.get()[1] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("immediate", [False, True])
def test_comparison_may_shut_down(immediate):
    q = filled(StdConcurrentPriorityQueue, [Item(n) for n in range(5)])
    with pytest.raises(ShutDown):
        q.put(Item(-1, lambda: q.shutdown(immediate)))
    assert q.qsize() == q.unfinished_tasks == (0 if immediate else 5)
    assert [item.key for item in drained(q)] == ([] if immediate else list(range(5)))


def test_comparison_may_wait_for_others():
    """A thread that compares keeps others from putting and getting, and from nothing else."""
    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)])
    inside, go_on = threading.Event(), threading.Event()

    def compare():
        inside.set()
        assert go_on.wait(30)

    slow = Task(q.put, Item(0, compare))
    assert inside.wait(30)
    others = [Task(q.put, Item(3)), Task(q.get_nowait), Task(q.put_nowait, Item(4))]
    for other in others:
        assert not other.until_asleep().is_done()
    # None of these waits.
    assert (q.qsize(), q.empty(), q.full(), q.is_shutdown) == (2, False, False, False)
    assert q.peek().key == 1
    assert repr(q).startswith("<StdConcurrentPriorityQueue with 2")
    q.task_done()
    gc.collect()
    go_on.set()
    slow.result()
    for other in others:
        other.result()
    keys = [item.key for item in drained(q)]
    # The get came at some moment after the slow put.
    assert others[1].result().key == 0
    assert keys == [1, 2, 3, 4]


def test_shutdown_does_not_wait_for_a_comparison():
    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)])
    inside, go_on = threading.Event(), threading.Event()

    def compare():
        inside.set()
        assert go_on.wait(30)

    slow = Task(q.put, Item(0, compare))
    assert inside.wait(30)
    q.shutdown(immediate=True)
    q.join()
    go_on.set()
    with pytest.raises(ShutDown):
        slow.result()
    assert q.qsize() == q.unfinished_tasks == 0


def test_putter_that_fails_wakes_the_next():
    """A putter that is woken, and whose comparison raises, does not keep the room to itself."""

    def fail():
        raise LookupError

    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)], maxsize=2)
    first = Task(q.put, Item(0, fail)).until_asleep()
    second = Task(q.put, Item(3)).until_asleep()
    assert q.get().key == 1
    with pytest.raises(LookupError):
        first.result()
    second.result()
    assert [item.key for item in drained(q)] == [2, 3]
    assert q.unfinished_tasks == 3


def test_getter_that_fails_wakes_the_next():
    """A getter that is woken, and whose comparison raises, does not keep the item to itself."""
    for _ in range(20):
        q = StdConcurrentPriorityQueue()
        fails = threading.local()

        def compare(fails=fails):
            if hasattr(fails, "yes"):
                raise LookupError

        def get(q=q, fails=fails):
            fails.yes = True
            return q.get()

        items = [Item(n, compare) for n in range(3)]
        first = Task(get).until_asleep()
        others = [Task(q.get).until_asleep() for _ in range(3)]
        q.push_many(items)
        try:
            first.result()
        except LookupError:
            pass
        else:
            # It was so fast that it had nothing to compare.
            q.put(Item(3, compare))
        for other in others:
            other.result()
        assert q.empty()


def test_slow_comparisons_among_threads():
    q = StdConcurrentPriorityQueue()

    def work(index):
        mine, got = q.handle(), []
        for n in range(200):
            item = (n * 7 % 10, Item(n)) if index % 2 else (n * 3 % 10, Item(-n))
            mine.put(item)
            if n % 2:
                got.append(mine.get())
        return got

    got = flat(run_threads(4, work))
    rest = drained(q)
    assert rest == sorted(rest)
    assert len(got) == len(rest) == 400
    everything = sorted(got + rest)
    expected = [(n * 7 % 10, Item(n)) for n in range(200)]
    expected += [(n * 3 % 10, Item(-n)) for n in range(200)]
    assert everything == sorted(expected * 2)


def test_priorities_hold_among_threads():
    """What one thread gets while the others only put is never more than what is left."""
    q = StdConcurrentPriorityQueue()
    run_threads(4, lambda index: [q.put((n, index)) for n in range(index, 1000, 4)])
    results = run_threads(4, lambda _: [q.get() for _ in range(250)])
    for got in results:
        assert got == sorted(got)
    assert sorted(n for n, _ in flat(results)) == list(range(1000))


def test_death_during_a_comparison_may_use_the_queue():
    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)])
    lives = [Thing(lambda: q.put(Item(5)))]
    q.put(Item(0, lives.clear))
    assert [item.key for item in drained(q)] == [0, 1, 2, 5]


# The life of an object


class MineFifo(StdConcurrentQueue):
    pass


class MineLifo(StdConcurrentLifoQueue):
    pass


class MinePriority(StdConcurrentPriorityQueue):
    pass


EACH_OR_MINE = pytest.mark.parametrize("kind", [*KINDS, MineFifo, MineLifo, MinePriority])

TIES = {
    "item": lambda q: q.put(q),
    "list": lambda q: q.put([q]),
    "handle": lambda q: q.put(q.handle()),
    "handle's handle": lambda q: q.handle().put(q.handle().handle()),
    "iterator": lambda q: q.put(iter(q)),
    "attribute": lambda q: (q.put(1), setattr(q, "itself", q)),
}


@EACH_OR_MINE
@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    q = kind()
    q.thing = Thing()
    reference = weakref.ref(q.thing)
    tie(q)
    del q
    assert reference() is not None
    assert collected(reference)


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used(kind):
    q = kind()
    handle = q.handle()
    for n in range(50):
        q.put((n, [n]))
        gc.collect()
    reference = weakref.ref(q)
    del q
    gc.collect()
    assert sorted(drained(handle)) == [(n, [n]) for n in range(50)]
    del handle
    assert collected(reference)


@EACH
@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work(kind):
    q, done = kind(20), threading.Event()

    def work(index):
        if index == 0:
            for _ in range(30):
                gc.collect()
            done.set()
            return
        n = 0
        while not done.is_set():
            try:
                if index % 2:
                    q.put((n, index, [n]), timeout=0.001)
                else:
                    n_got, _, content = q.get(timeout=0.001)
                    assert content == [n_got]
            except (Full, Empty):
                pass
            n += 1

    run_threads(4, work)


@EACH
def test_handles(kind):
    q = kind(2)
    handle = q.handle().handle()
    assert type(handle) is kind
    handle.put(1)
    assert q.unfinished_tasks == 1
    q.task_done()
    with pytest.raises(ValueError, match=TOO_MANY):
        handle.task_done()
    q.put(2)
    assert handle.full()
    q.shutdown()
    assert handle.is_shutdown
    assert handle != q
    assert len({handle, q}) == 2


@EACH
def test_reference_counts_stay(kind):
    item = (0, object())

    def work():
        q = kind(100)
        handle = q.handle()
        q.put(item), q.put_nowait(item), q.push(item), handle.push_many([item] * 20)
        q.get(), q.get_nowait(), q.pop(), q.pop_many(3), q.peek(), handle.pop_local()
        for call in (lambda: q.push_many([item] * 100, 0), lambda: q.put(item, timeout=0.0001)):
            with pytest.raises(Full):
                call()
        next(iter(handle))
        q.shutdown()
        with pytest.raises(ShutDown):
            q.put(item)
        q.shutdown(True)
        dropped = filled(kind, [item] * 5)
        del dropped

    work()
    gc.collect()
    before = sys.getrefcount(item)
    for _ in range(30):
        work()
    gc.collect()
    assert sys.getrefcount(item) == before


def test_reference_counts_of_compared_items():
    def fail():
        raise LookupError

    items = [Item(n) for n in range(10)]
    bad = Item(-1, fail)
    counts = [sys.getrefcount(item) for item in [*items, bad]]
    for _ in range(20):
        q = filled(StdConcurrentPriorityQueue, items)
        with pytest.raises(LookupError):
            q.put(bad)
        drained(q)
    del q
    gc.collect()
    assert [sys.getrefcount(item) for item in [*items, bad]] == counts


@EACH
def test_items_die_promptly(kind):
    q = kind()
    deaths = []
    q.put(Thing(lambda: deaths.append(1)))
    q.get()
    assert deaths == [1]
    q.put(Thing(lambda: deaths.append(2)))
    q.shutdown(immediate=True)
    assert deaths == [1, 2]
    with pytest.raises(ShutDown):
        q.put(Thing(lambda: deaths.append(3)))
    assert deaths == [1, 2, 3]
    q = kind()
    q.put(Thing(lambda: deaths.append(4)))
    del q
    assert deaths == [1, 2, 3, 4]


@EACH
def test_death_may_use_the_queue(kind):
    q = kind(1)
    seen = []
    thing = Thing(lambda: seen.append((q.qsize(), q.is_shutdown, q.unfinished_tasks)))
    q.put(thing)
    del thing
    q.shutdown(immediate=True)
    assert seen == [(0, True, 0)]


@EACH
def test_attributes_and_subclasses(kind):
    class Mine(kind):
        def __init__(self, name, maxsize=0):
            super().__init__(maxsize)
            self.name = name

        def put(self, item, **kwargs):
            super().put(item, **kwargs)

    q = Mine("a", maxsize=1)
    q.put(1)
    assert q.full()
    assert q.name == "a"
    assert type(q.handle()) is kind
    plain = kind()
    plain.anything = 3
    assert plain.anything == 3
    for name in ("maxsize", "unfinished_tasks", "is_shutdown"):
        with pytest.raises(AttributeError):
            setattr(plain, name, 1)


@EACH
def test_subclass_that_forgets(kind):
    class Forgets(kind):
        def __init__(self):
            pass

    q = Forgets()
    for call in (
        lambda: q.put(1),
        lambda: q.put_nowait(1),
        lambda: q.get(),
        lambda: q.get_nowait(),
        lambda: q.qsize(),
        lambda: q.task_done(),
        lambda: q.join(),
        lambda: q.shutdown(),
        lambda: q.unfinished_tasks,
        lambda: q.handle(),
        lambda: q.push(1),
        lambda: q.pop(),
        lambda: next(iter(q)),
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    assert "not initialized" in repr(q)
    q.itself = q
    gc.collect()
    kind.__init__(q, 1)
    q.put(1)
    assert q.full()


def test_foreign_init():
    """A queue that the base class has made has no tasks; that is an error, and no more."""
    q = StdConcurrentQueue.__new__(StdConcurrentQueue)
    ConcurrentQueue.__init__(q, maxsize=1)
    q.put(1)
    for call in (lambda: q.task_done(), lambda: q.join(), lambda: q.unfinished_tasks):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    assert q.get() == 1


@EACH
def test_second_init_changes_nothing(kind):
    q = filled(kind, [1], maxsize=2)
    q.__init__(5)
    assert (q.maxsize, q.qsize(), q.unfinished_tasks) == (2, 1, 1)


@EACH
def test_no_copies(kind):
    q = kind()
    for call in (copy.copy, copy.deepcopy, pickle.dumps, lambda q: q.__reduce_ex__(4)):
        with pytest.raises(TypeError, match=f"cannot copy or pickle '{kind.__name__}'"):
            call(q)
        with pytest.raises(TypeError, match="handle"):
            call(q)


@EACH
def test_protocols(kind):
    q = kind(2)
    assert bool(q)
    assert hash(q) == hash(q)
    assert q == q and q != kind(2)
    for call in (len, lambda q: q < q, lambda q: q[0]):
        with pytest.raises(TypeError):
            call(q)
    assert weakref.ref(q)() is q
    assert gc.is_tracked(q)
    assert kind[int].__origin__ is kind
    assert kind[int](1).maxsize == 1
    q.put(1)
    assert repr(q) == f"<{kind.__name__} with 1 of 2 items>"
    q.shutdown()
    assert repr(q) == f"<{kind.__name__} with 1 of 2 items, shut down>"
    assert repr(kind()) == f"<{kind.__name__} with 0 items>"
    wrapped = LocalWrapper(kind())
    wrapped.put(3)
    assert wrapped.get() == 3


@ORDERED
def test_base_class_makes_nothing(kind):
    with pytest.raises(TypeError):
        kind.__bases__[0]()
    with pytest.raises(TypeError):
        type(iter(kind()))()


# Processes

HEAD = """
import faulthandler, os, signal, sys, threading, time
from ft_utils.concurrency import *
faulthandler.dump_traceback_later(40, exit=True)
def until_asleep(id):
    if not sys.platform.startswith("linux"):
        return time.sleep(0.2)
    seen = 0
    while seen < 5:
        with open(f"/proc/self/task/{id}/stat") as file:
            seen = seen + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
        time.sleep(0.002)
"""

WAITS = {
    "get": "q = Kind(); call = q.get",
    "get with a timeout": "q = Kind(); call = lambda: q.get(timeout=1000)",
    "put": "q = Kind(1); q.put(0); call = lambda: q.put(1)",
    "push_many": "q = Kind(1); call = lambda: q.push_many([1, 2, 3])",
    "join": "q = Kind(); q.put(0); call = q.join",
    "iteration": "q = Kind(); call = lambda: list(q)",
}
TURN = """
q = StdConcurrentPriorityQueue()
inside = threading.Event()
class Slow:
    def __lt__(self, other):
        inside.set()
        threading.Event().wait()
q.put(Slow())
threading.Thread(target=q.put, args=(Slow(),), daemon=True).start()
inside.wait()
call = q.get
"""


def waits():
    for kind in KINDS:
        for name, code in WAITS.items():
            code = code.replace("Kind", kind.__name__)
            yield pytest.param(code, id=f"{kind.__name__}-{name}")
    yield pytest.param(TURN, id="turn to compare")


@pytest.mark.thread_unsafe(reason="starts processes")
@POSIX
@pytest.mark.parametrize("wait", list(waits()))
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
{wait}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
size, unfinished = q.qsize(), q.unfinished_tasks
threading.Thread(target=interrupt, daemon=True).start()
try:
    call()
except KeyboardInterrupt as error:
    pushed = 3 - len(error.remaining) if hasattr(error, "remaining") else 0
    assert (q.qsize(), q.unfinished_tasks) == (size + pushed, unfinished + pushed)
    print("interrupted", flush=True)
    os._exit(0)
"""
    )
    assert out == "interrupted\n"


@pytest.mark.thread_unsafe(reason="starts processes")
@pytest.mark.parametrize("wait", list(waits()))
def test_exit_while_threads_wait(wait):
    if "Slow" in wait and sys.version_info < (3, 14):
        pytest.skip("unwinds daemon threads through the extension")
    run_python(
        f"""{HEAD}
{wait}
threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


@pytest.mark.thread_unsafe(reason="starts processes")
@POSIX
def test_handler_may_use_the_queue():
    out = run_python(
        f"""{HEAD}
for kind in (StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue):
    q = kind()
    def handle(*_):
        q.put("from the handler")
    signal.signal(signal.SIGUSR1, handle)
    def interrupt(id=threading.get_native_id()):
        until_asleep(id)
        os.kill(os.getpid(), signal.SIGUSR1)
    threading.Thread(target=interrupt, daemon=True).start()
    print(q.get())
# Even in the middle of a comparison.
class Item(int):
    def __lt__(self, other):
        global sent
        if not sent:
            sent = True
            os.kill(os.getpid(), signal.SIGUSR1)
            while not handled:
                pass
        return int(self) < int(other)
def handle(*_):
    q.put(Item(0))
    handled.append(1)
signal.signal(signal.SIGUSR1, handle)
sent, handled, q = True, [], StdConcurrentPriorityQueue()
q.put(Item(2))
q.put(Item(3))
sent = False
q.put(Item(1))
print([int(q.get()) for _ in range(4)])
"""
    )
    assert out == "from the handler\n" * 3 + "[0, 1, 2, 3]\n"


@pytest.mark.thread_unsafe(reason="starts processes")
@WITH_FORK
def test_fork():
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
kinds = (StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue)
queues = [kind(3) for kind in kinds]
busy = [kind(3) for kind in kinds]
def work(q):
    while True:
        q.put(1)
        q.get()
        q.task_done()
for q in busy:
    threading.Thread(target=work, args=(q,), daemon=True).start()
waiting = kinds[0]()
threading.Thread(target=waiting.get, daemon=True).start()
def child():
    signal.alarm(15)
    for q in [*queues, *(kind() for kind in kinds)]:
        q.put(2)
        q.put(1)
        thread = threading.Thread(target=lambda: (q.get(), q.get(), q.task_done(), q.task_done()))
        thread.start()
        q.join()
        thread.join()
        q.shutdown()
    waiting.put(1)
    assert waiting.get() == 1
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
faulthandler.cancel_dump_traceback_later()
"""
    )


@pytest.mark.thread_unsafe(reason="starts processes")
def test_waiting_costs_no_time():
    """No polling: threads that wait for a second use next to none of it."""
    out = run_python(
        f"""{HEAD}
kinds = (StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue)
calls = []
for kind in kinds:
    empty, full = kind(), kind(1)
    full.put(1)
    calls += [empty.get, lambda full=full: full.put(1), full.join]
threads = [threading.Thread(target=call, daemon=True) for call in calls]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
def switches(id):
    with open(f"/proc/self/task/{{id}}/status") as file:
        return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
if sys.platform.startswith("linux"):
    before = [switches(thread.native_id) for thread in threads]
    time.sleep(0.5)
    print([switches(thread.native_id) for thread in threads] == before)
else:
    print(True)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "True\n"
