"""Data structures and locks for Python without the GIL, written in Rust.

Everything is importable from here, and from the modules where ``ft_utils`` 0.2.0 has it:
``ft_utils.concurrency`` and
``ft_utils.local``.
"""

from ft_utils.concurrency import (
    MISSING,
    AtomicInt64,
    ConcurrentDict,
    ConcurrentQueue,
    Empty,
    Full,
    ProcessSemaphore,
    ShutDown,
)
from ft_utils.local import LocalWrapper

__all__ = [
    "MISSING",
    "AtomicInt64",
    "ConcurrentDict",
    "ConcurrentQueue",
    "Empty",
    "Full",
    "LocalWrapper",
    "ProcessSemaphore",
    "ShutDown",
]
