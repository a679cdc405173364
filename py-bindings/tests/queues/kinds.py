"""The kinds of queue, for tests of what all of them have."""

import queue

import pytest
from ft_utils.concurrency import (
    ConcurrentQueue,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)

STD = [StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue]
ALL = [ConcurrentQueue, *STD]
# Each with its class of the module queue.
THEIRS = {
    StdConcurrentQueue: queue.Queue,
    StdConcurrentLifoQueue: queue.LifoQueue,
    StdConcurrentPriorityQueue: queue.PriorityQueue,
}
EACH = pytest.mark.parametrize("kind", ALL)
EACH_STD = pytest.mark.parametrize("kind", STD)
BOTH_WAYS = pytest.mark.parametrize("lock_free", [False, True], ids=["parking", "spinning"])
