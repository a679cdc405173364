"""Data structures and locks for Python without the GIL, written in Rust.

Everything is importable from here, and from the modules where ``ft_utils`` 0.2.0 has it:
``ft_utils.concurrency``, ``ft_utils.synchronization`` and
``ft_utils.local``.
"""

from ft_utils._native import __version__, share
from ft_utils._paths import get_include, get_pkgconfig_dir
from ft_utils._rival import warn_of_rival as _warn_of_rival
from ft_utils.concurrency import (
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
    map_ordered,
)
from ft_utils.local import BatchExecutor, LocalWrapper
from ft_utils.synchronization import IntervalLock, RWLock, RWReadContext, RWWriteContext

_warn_of_rival()

# Opens the modules that may still change, such as `ft_utils.weave`.
ENABLE_EXPERIMENTAL = False

__all__ = [
    "ENABLE_EXPERIMENTAL",
    "MISSING",
    "AtomicFlag",
    "AtomicInt64",
    "AtomicReference",
    "BatchExecutor",
    "ConcurrentDeque",
    "ConcurrentDict",
    "ConcurrentGatheringIterator",
    "ConcurrentQueue",
    "Empty",
    "EmptyDequeError",
    "Full",
    "IntervalLock",
    "LocalWrapper",
    "ProcessSemaphore",
    "QueueFailed",
    "RWLock",
    "RWReadContext",
    "RWWriteContext",
    "ShutDown",
    "StdConcurrentLifoQueue",
    "StdConcurrentPriorityQueue",
    "StdConcurrentQueue",
    "__version__",
    "get_include",
    "get_pkgconfig_dir",
    "map_ordered",
    "share",
]
