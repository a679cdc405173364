"""Atomics, a dictionary and a queue that threads share."""

from ft_utils._native import (
    MISSING,
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentDict,
    ConcurrentQueue,
    Empty,
    Full,
    ShutDown,
)

__all__ = [
    "MISSING",
    "AtomicFlag",
    "AtomicInt64",
    "AtomicReference",
    "ConcurrentDict",
    "ConcurrentQueue",
    "Empty",
    "Full",
    "ShutDown",
]
