"""Helpers for the tests in this folder."""

import pytest
from ft_utils.concurrency import (
    Empty,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentQueue,
)

from queues.kinds import STD

EACH = pytest.mark.parametrize("kind", STD, ids=["fifo", "lifo", "priority"])
TOO_MANY = r"task_done\(\) called too many times"


def filled(kind, items, maxsize=0):
    q = kind(maxsize)
    for item in items:
        q.put(item)
    return q


def drained(q):
    items = []
    try:
        while True:
            items.append(q.get_nowait())
    except (Empty, ShutDown):
        return items


def in_order(kind, items):
    """Return items in the order in which a queue gives them back."""
    if kind is StdConcurrentQueue:
        return list(items)
    return sorted(items, reverse=kind is StdConcurrentLifoQueue)


class Item:
    """An item that compares slowly, by a method in Python, and calls a function each time."""

    def __init__(self, key, at_compare=lambda: None):
        self.key = key
        self.at_compare = at_compare

    def __lt__(self, other):
        self.at_compare()
        return self.key < other.key

    def __eq__(self, other):
        return self.key == other.key

    def __repr__(self):
        return f"Item({self.key})"


WAITS = {
    "get": "q = Kind(); call = q.get",
    "get with a timeout": "q = Kind(); call = lambda: q.get(timeout=1000)",
    "put": "q = Kind(1); q.put(0); call = lambda: q.put(1)",
    "push_many": "q = Kind(1); call = lambda: q.push_many([1, 2, 3])",
    "join": "q = Kind(); q.put(0); call = q.join",
    "iteration": "q = Kind(); call = lambda: list(q)",
}
TURN = """
q = StdConcurrentPriorityQueue()
inside = threading.Event()
class Slow:
    def __lt__(self, other):
        inside.set()
        threading.Event().wait()
q.put(Slow())
threading.Thread(target=q.put, args=(Slow(),), daemon=True).start()
inside.wait()
call = q.get
"""


def waits():
    for kind in STD:
        for name, code in WAITS.items():
            code = code.replace("Kind", kind.__name__)
            yield pytest.param(code, id=f"{kind.__name__}-{name}")
    yield pytest.param(TURN, id="turn to compare")
