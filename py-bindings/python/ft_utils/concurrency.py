"""Atomics, containers, queues and a semaphore that threads share."""

from ft_utils._cache.cached import cached
from ft_utils._cache.stats import CacheStats
from ft_utils._dict.counter import ConcurrentCounter
from ft_utils._flow.executor import WorkStealingExecutor, WorkStealingFuture
from ft_utils._flow.group_thread import GroupThread
from ft_utils._flow.map_ordered import map_ordered
from ft_utils._flow.parallel import parallel_for_each, parallel_map, parallel_reduce
from ft_utils._flow.parallel_sort import parallel_sort
from ft_utils._flow.thread_group import ThreadGroup
from ft_utils._native import (
    MISSING,
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentCache,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    ConcurrentSet,
    Empty,
    EmptyDequeError,
    Full,
    ProcessSemaphore,
    QueueFailed,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
    Stopped,
    StripedCounter,
)
from ft_utils.local import LocalWrapper as LocalWrapper  # 0.2.0 has it here too, by accident

__all__ = [
    "MISSING",
    "AtomicFlag",
    "AtomicInt64",
    "AtomicReference",
    "CacheStats",
    "ConcurrentCache",
    "ConcurrentCounter",
    "ConcurrentDeque",
    "ConcurrentDict",
    "ConcurrentGatheringIterator",
    "ConcurrentQueue",
    "ConcurrentSet",
    "Empty",
    "EmptyDequeError",
    "Full",
    "GroupThread",
    "ProcessSemaphore",
    "QueueFailed",
    "ShutDown",
    "StdConcurrentLifoQueue",
    "StdConcurrentPriorityQueue",
    "StdConcurrentQueue",
    "Stopped",
    "StripedCounter",
    "ThreadGroup",
    "WorkStealingExecutor",
    "WorkStealingFuture",
    "cached",
    "map_ordered",
    "parallel_for_each",
    "parallel_map",
    "parallel_reduce",
    "parallel_sort",
]
