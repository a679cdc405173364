"""ConcurrentGatheringIterator: generated operations, beside a plain model."""

from fractions import Fraction

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator, ShutDown
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule


class LikeModel(RuleBasedStateMachine):
    """After the same calls on both, one reader at a time sees the same in both."""

    window = 6

    def __init__(self):
        super().__init__()
        self.ours = ConcurrentGatheringIterator(window=self.window)
        self.values: dict = {}
        self.iterator, self.position, self.clear, self.max_key = None, 0, False, 0
        self.taken = 0
        self.failed = self.closed = False

    @rule(
        key=st.one_of(
            st.integers(-2, 12),
            st.sampled_from([True, 2.0, 2.5, "x", None, 2**70, Fraction(4), 1 + 0j]),
        ),
        value=st.integers(),
    )
    def insert(self, key, value):
        number = next((n for n in range(13) if n == key), None)
        needs_room = number is not None and number >= self.taken + self.window
        if self.closed:
            kind = ShutDown
        elif needs_room:
            kind = RuntimeError if self.failed else TimeoutError
        else:
            self.ours.insert(key, value, 0)
            if number is not None:
                self.values[number] = value
            return
        with pytest.raises(kind):
            self.ours.insert(key, value, 0)

    @rule(max_key=st.integers(-1, 9), clear=st.booleans(), local=st.booleans())
    def start(self, max_key, clear, local):
        self.iterator = None
        method = self.ours.iterator_local if local else self.ours.iterator
        self.iterator = method(max_key, clear, 0)
        self.position, self.clear, self.max_key, self.taken = 0, clear, max_key, 0

    @precondition(lambda self: self.iterator is not None)
    @rule()
    def next(self):
        key = self.position
        if key <= self.max_key and key in self.values:
            assert next(self.iterator) == self.values[key]
            self.position += 1
            if self.clear:
                del self.values[key]
                self.taken = self.position if self.position <= self.max_key else 0
            return
        if key > self.max_key or self.closed:
            kind = StopIteration
        else:
            kind = RuntimeError if self.failed else TimeoutError
        with pytest.raises(kind):
            next(self.iterator)
        if kind is not TimeoutError:
            self.max_key, self.taken = -1, 0

    @rule(what=st.sampled_from(["nothing"] * 3 + ["fail", "clear", "clear", "close"]))
    def end(self, what):
        if what == "fail":
            self.ours.fail(LookupError())
            self.failed |= not self.closed
        elif what == "clear":
            assert (self.ours.clear_failure() is not None) == self.failed
            self.failed = False
        elif what == "close":
            self.ours.close()
            self.closed |= not self.failed

    @invariant()
    def same(self):
        assert self.ours.size() == len(self.values)
        assert self.ours.closed == self.closed
        assert (self.ours.failure is not None) == self.failed


TestLikeModel = LikeModel.TestCase
