"""Atomics, a dictionary and a queue that threads share."""

from ft_utils._map_ordered import map_ordered
from ft_utils._native import (
    MISSING,
    AtomicInt64,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    Empty,
    Full,
    ShutDown,
)

__all__ = [
    "MISSING",
    "AtomicInt64",
    "ConcurrentDict",
    "ConcurrentGatheringIterator",
    "ConcurrentQueue",
    "Empty",
    "Full",
    "ShutDown",
    "map_ordered",
]
