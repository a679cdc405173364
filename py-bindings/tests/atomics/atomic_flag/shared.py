"""Helpers for the tests in this folder."""

from ft_utils.concurrency import AtomicInt64


class Bad:
    """Has no truth value."""

    def __bool__(self):
        raise LookupError("no truth")


class Worse:
    def __bool__(self):
        return "yes"


VALUES = [True, False, 0, 1, -1, "", "no", None, [], [0], 0.0, float("nan"), AtomicInt64(0), int]
