"""The kinds of queue, for tests of what all of them have."""

import pytest
from ft_utils.concurrency import (
    ConcurrentQueue,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)

STD = [StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue]
ALL = [ConcurrentQueue, *STD]
EACH = pytest.mark.parametrize("kind", ALL)
EACH_STD = pytest.mark.parametrize("kind", STD)
BOTH_WAYS = pytest.mark.parametrize("lock_free", [False, True], ids=["parking", "spinning"])
