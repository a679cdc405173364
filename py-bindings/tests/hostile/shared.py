"""Helpers for the tests in this folder."""

from ft_utils.concurrency import Empty, ShutDown

FAR = 2**63


def rest_of(q):
    items = []
    try:
        while True:
            items.append(q.try_pop())
    except (Empty, ShutDown):
        return items
