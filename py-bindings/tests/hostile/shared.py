"""What the tests of this folder share."""

import pytest
from ft_utils.concurrency import Empty, ShutDown

BOTH_WAYS = pytest.mark.parametrize("lock_free", [False, True], ids=["parking", "spinning"])
FAR = 2**63


def rest_of(q):
    items = []
    try:
        while True:
            items.append(q.try_pop())
    except (Empty, ShutDown):
        return items
