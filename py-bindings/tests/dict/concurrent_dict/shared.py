"""Helpers for the tests in this folder."""

from ft_utils.concurrency import ConcurrentDict


class Key:
    """A key that Python code hashes and compares, with a hash of choice."""

    def __init__(self, name, hash=7, on_eq=lambda: None):
        self.name, self.hash, self.on_eq = name, hash, on_eq

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        self.on_eq()
        return isinstance(other, Key) and self.name == other.name

    def __repr__(self):
        return f"Key({self.name})"


class Mine(ConcurrentDict):
    pass


class Failing:
    """Yields a pair, and fails."""

    def __iter__(self):
        yield "x", 1
        raise LookupError("no more")


THREADS, ROUNDS = 4, 1000
