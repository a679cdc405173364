"""The items of a queue."""

from ft_utils.concurrency import Empty, ShutDown


def drained(q):
    """Take out all items, also of a queue that was shut down."""
    items = []
    try:
        while True:
            items.append(q.try_pop())
    except (Empty, ShutDown):
        return items
