"""The Std queues: generated operations, beside the module queue."""

import math
import queue

import pytest
from ft_utils.concurrency import Empty, Full, ShutDown, StdConcurrentLifoQueue
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from queues.kinds import STD, THEIRS

from .shared import EACH, TOO_MANY

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
    """After the same calls on both, in any order, both hold the same items."""

    @initialize(kind=st.sampled_from(STD), maxsize=st.integers(-1, 5))
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
