"""Atomics, a dictionary and a queue that threads share."""

from ft_utils._native import (
    MISSING,
    AtomicInt64,
    ConcurrentDict,
    ConcurrentQueue,
    Empty,
    Full,
    ProcessSemaphore,
    ShutDown,
)

__all__ = [
    "MISSING",
    "AtomicInt64",
    "ConcurrentDict",
    "ConcurrentQueue",
    "Empty",
    "Full",
    "ProcessSemaphore",
    "ShutDown",
]
