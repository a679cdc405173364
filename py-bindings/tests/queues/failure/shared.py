"""Helpers for the tests in this folder."""

BAD_ROW = "^the queue has failed: ValueError: bad row$"


def failed(q, error=None):
    q.fail(error or ValueError("bad row"))
    return q


def filled(kind, *items, maxsize=0):
    q = kind(maxsize=maxsize)
    q.push_many(items)
    return q
