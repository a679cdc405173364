"""Helpers for the tests in this folder."""

from ft_utils.concurrency import ConcurrentDict


class Default(ConcurrentDict):
    def __missing__(self, key):
        return ("missing", key)
