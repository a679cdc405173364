"""Helpers for the tests in this folder."""

from ft_utils.concurrency import ConcurrentQueue


class Mine(ConcurrentQueue):
    pass


def filled(items, *args, **kwargs):
    q = ConcurrentQueue(*args, **kwargs)
    q.push_many(items)
    return q


ROUNDS = 1500
