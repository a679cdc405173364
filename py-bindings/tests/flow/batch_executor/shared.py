"""Helpers for the tests in this folder."""

import itertools
import threading

from ft_utils.concurrency import AtomicInt64
from ft_utils.local import BatchExecutor
from helpers.limits import LONG


def counting(size, start=0):
    return BatchExecutor(itertools.count(start).__next__, size)


class Gate:
    """A source that says when it is called, and returns when it may."""

    def __init__(self, answers=None):
        self.entered = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)
        self.answers = itertools.count() if answers is None else iter(answers)
        self.inside = AtomicInt64()

    def __call__(self):
        assert self.inside.incr() == 1, "two threads in the source"
        self.entered.release()
        assert self.may_go.acquire(timeout=LONG)
        self.inside.decr()
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def wait(self):
        assert self.entered.acquire(timeout=LONG)

    def open(self, times=1):
        self.may_go.release(times)


class Failing:
    """Counts, and raises LookupError for the calls whose numbers are given."""

    def __init__(self, *numbers):
        self.numbers = numbers
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls in self.numbers:
            raise LookupError(self.calls)
        return self.calls


ROUNDS = 3000
