"""Atomics, containers, queues and a semaphore that threads share."""

from ft_utils._flow.map_ordered import map_ordered
from ft_utils._native import (
    MISSING,
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    Empty,
    EmptyDequeError,
    Full,
    ProcessSemaphore,
    QueueFailed,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)
from ft_utils.local import LocalWrapper as LocalWrapper  # 0.2.0 has it here too, by accident

__all__ = [
    "MISSING",
    "AtomicFlag",
    "AtomicInt64",
    "AtomicReference",
    "ConcurrentDeque",
    "ConcurrentDict",
    "ConcurrentGatheringIterator",
    "ConcurrentQueue",
    "Empty",
    "EmptyDequeError",
    "Full",
    "ProcessSemaphore",
    "QueueFailed",
    "ShutDown",
    "StdConcurrentLifoQueue",
    "StdConcurrentPriorityQueue",
    "StdConcurrentQueue",
    "map_ordered",
]
