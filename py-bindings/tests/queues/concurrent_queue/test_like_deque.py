"""ConcurrentQueue: generated operations, beside collections.deque."""

from collections import deque

import pytest
from ft_utils.concurrency import ConcurrentQueue, Empty, Full, ShutDown
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule


class LikeDeque(RuleBasedStateMachine):
    """After the same calls on both, both hold the same items."""

    bound = 70

    def __init__(self):
        super().__init__()
        self.ours, self.plain = ConcurrentQueue(maxsize=self.bound), deque()
        self.closed = False
        self.next = 0

    def fresh(self, count):
        self.next += count
        return list(range(self.next - count, self.next))

    @rule(way=st.sampled_from(["push", "try_push", "handle"]))
    def push(self, way):
        (item,) = self.fresh(1)
        call = {
            "push": lambda: self.ours.push(item, 0),
            "try_push": lambda: self.ours.try_push(item),
            "handle": lambda: self.ours.handle().push(item, timeout=0),
        }[way]
        if self.closed:
            with pytest.raises(ShutDown):
                call()
        elif len(self.plain) == self.bound:
            with pytest.raises(Full):
                call()
        else:
            call()
            self.plain.append(item)

    @rule(count=st.integers(0, 100))
    def push_many(self, count):
        items = self.fresh(count)
        room = 0 if self.closed else self.bound - len(self.plain)
        self.plain.extend(items[:room])
        if count <= room:
            self.ours.push_many(items, 0)
            return
        with pytest.raises(ShutDown if self.closed else Full) as caught:
            self.ours.push_many(items, 0)
        assert caught.value.remaining == items[room:]

    @rule(way=st.sampled_from(["pop", "try_pop", "next", "pop_many"]))
    def pop(self, way):
        call = {
            "pop": lambda: self.ours.pop(0),
            "try_pop": self.ours.try_pop,
            "next": lambda: next(iter(self.ours)) if self.plain else self.ours.pop(0),
            "pop_many": lambda: self.ours.pop_many(1, 0)[0],
        }[way]
        if self.plain:
            assert call() == self.plain.popleft()
        else:
            with pytest.raises(ShutDown if self.closed else Empty):
                call()

    @rule(count=st.integers(1, 100))
    def pop_many(self, count):
        if self.plain:
            expected = [self.plain.popleft() for _ in range(min(count, len(self.plain)))]
            assert self.ours.pop_many(count) == expected

    @rule(how=st.sampled_from(["not", "not", "not", "softly", "immediately"]))
    def shutdown(self, how):
        if how == "not":
            return
        self.closed = True
        self.ours.shutdown(immediate=how == "immediately")
        if how == "immediately":
            self.plain.clear()

    @invariant()
    def same(self):
        assert self.ours.size() == len(self.plain)
        assert self.ours.empty() == (not self.plain)
        assert self.ours.full() == (len(self.plain) == self.bound)
        assert self.ours.is_shutdown == self.closed
        if self.plain:
            assert self.ours.peek() == self.plain[0]
        else:
            with pytest.raises(Empty):
                self.ours.peek()


TestLikeDeque = LikeDeque.TestCase
