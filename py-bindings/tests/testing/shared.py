"""Helpers for the tests in this folder."""

from ft_utils import AtomicInt64


def failing(function, at):
    """The function, and an error when it is called for the `at`th time."""
    calls = AtomicInt64()

    def call(*args):
        result = function(*args)
        if calls.incr() == at:
            raise LookupError(at)
        return result

    return call
