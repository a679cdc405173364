"""Data structures and locks for Python without the GIL, written in Rust.

Everything is importable from here, and from the modules where ``ft_utils`` 0.2.0 has it:
``ft_utils.concurrency`` and
``ft_utils.local``.
"""

from ft_utils.concurrency import (
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
from ft_utils.local import LocalWrapper

__all__ = [
    "MISSING",
    "AtomicFlag",
    "AtomicInt64",
    "AtomicReference",
    "ConcurrentDict",
    "ConcurrentQueue",
    "Empty",
    "Full",
    "LocalWrapper",
    "ShutDown",
]
