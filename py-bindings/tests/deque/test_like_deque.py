"""ConcurrentDeque: generated operations, beside collections.deque."""

import operator
from collections import deque

from ft_utils.concurrency import ConcurrentDeque
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule


class SameAsDeque(RuleBasedStateMachine):
    """Alone, a ConcurrentDeque does what a collections.deque does."""

    index = st.integers(-9, 9)
    items = st.lists(st.integers(0, 5), max_size=8)

    @initialize(items=items, maxlen=st.none() | st.integers(0, 8))
    def make(self, items, maxlen):
        self.ours, self.model = ConcurrentDeque(items, maxlen), deque(items, maxlen)

    def same(self, call):
        results = []
        for each in (self.model, self.ours):
            try:
                results.append(call(each))
            except (IndexError, ValueError) as error:
                kind = IndexError if isinstance(error, IndexError) else ValueError
                results.append(kind)
        assert results[0] == results[1]

    @rule(name=st.sampled_from(["append", "appendleft"]), item=st.integers(0, 5))
    def add(self, name, item):
        self.same(lambda d: getattr(d, name)(item))

    @rule(name=st.sampled_from(["extend", "extendleft", "__iadd__"]), items=items)
    def add_many(self, name, items):
        self.same(lambda d: getattr(d, name)(items) in (None, d))

    @rule(name=st.sampled_from(["pop", "popleft", "reverse", "clear"]))
    def simple(self, name):
        self.same(lambda d: getattr(d, name)())

    @rule(name=st.sampled_from(["rotate", "__getitem__", "__delitem__"]), index=index)
    def by_index(self, name, index):
        self.same(lambda d: getattr(d, name)(index))

    @rule(name=st.sampled_from(["insert", "__setitem__"]), index=index, item=st.integers(0, 5))
    def put(self, name, index, item):
        self.same(lambda d: getattr(d, name)(index, item))

    @rule(
        name=st.sampled_from(["remove", "index", "count", "__contains__"]), item=st.integers(0, 6)
    )
    def search(self, name, item):
        self.same(lambda d: getattr(d, name)(item))

    @rule(item=st.integers(0, 6), start=index, stop=index)
    def search_within(self, item, start, stop):
        self.same(lambda d: d.index(item, start, stop))

    @rule(n=st.integers(-1, 3))
    def repeat(self, n):
        if len(self.model) < 100:
            self.same(lambda d: list(d * n))
            self.same(lambda d: list(n * d))
            self.same(lambda d: d.__imul__(n) is d)

    @rule()
    def join(self):
        self.same(lambda d: list(d + d.copy()))

    @rule(name=st.sampled_from(["pop", "popleft"]), timeout=st.sampled_from([None, 0, 0.0, 9]))
    def pop_in_time(self, name, timeout):
        if self.model:
            assert getattr(self.ours, name)(timeout=timeout) == getattr(self.model, name)()

    @rule()
    def go_on_with_a_handle(self):
        self.ours = self.ours.handle()

    @rule(items=items)
    def compare(self, items):
        ours, model = ConcurrentDeque(items), deque(items)
        for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt):
            assert compare(self.ours, ours) == compare(self.model, model)
        assert (self.ours >= ours) == (self.model >= model)

    @invariant()
    def is_same(self):
        if hasattr(self, "ours"):
            assert list(self.ours) == list(self.model)
            assert list(reversed(self.ours)) == list(reversed(self.model))
            assert len(self.ours) == len(self.model)
            assert repr(self.ours) == f"Concurrent{repr(self.model).replace('d', 'D', 1)}"


TestSameAsDeque = SameAsDeque.TestCase


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_comparisons_are_those_of_lists(one, two):
    ours, theirs = ConcurrentDeque(one), ConcurrentDeque(two)
    for op in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert op(ours, theirs) is op(one, two)
