"""Helpers for the tests in this folder."""

from ft_utils.concurrency import ConcurrentQueue, Empty, ShutDown


class Mine(ConcurrentQueue):
    pass


def filled(items, *args, **kwargs):
    q = ConcurrentQueue(*args, **kwargs)
    q.push_many(items)
    return q


def drained(q):
    items = []
    while True:
        try:
            items.append(q.try_pop())
        except (Empty, ShutDown):
            return items


ROUNDS = 1500
