"""The classes of ft_utils, implemented in Rust; the modules of this folder have their types."""

from typing import Final

from ft_utils._native.atomics import AtomicFlag, AtomicInt64, AtomicReference
from ft_utils._native.deque import ConcurrentDeque, ConcurrentDequeIterator, EmptyDequeError
from ft_utils._native.dict import MISSING, ConcurrentDict, ConcurrentDictIterator, MissingType
from ft_utils._native.flow import (
    BatchExecutor,
    BatchExecutorIterator,
    ConcurrentGatheringIterator,
    ConcurrentGatheringReader,
)
from ft_utils._native.local_wrapper import LocalWrapper
from ft_utils._native.locks import (
    IntervalLock,
    ProcessSemaphore,
    RWLock,
    RWReadContext,
    RWWriteContext,
)
from ft_utils._native.queues import (
    ConcurrentQueue,
    ConcurrentQueueIterator,
    Empty,
    Full,
    QueueFailed,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
    StdOrderedQueue,
    StdOrderedQueueIterator,
)
from ft_utils._native.runtime import share
from ft_utils._native.weave import (
    WEAVE_C_API,
    register_native_destructor,
    registered_native_destructors,
    run_native_destructors,
    unregister_native_destructor,
)

__all__ = [
    "MISSING",
    "WEAVE_C_API",
    "AtomicFlag",
    "AtomicInt64",
    "AtomicReference",
    "BatchExecutor",
    "BatchExecutorIterator",
    "ConcurrentDeque",
    "ConcurrentDequeIterator",
    "ConcurrentDict",
    "ConcurrentDictIterator",
    "ConcurrentGatheringIterator",
    "ConcurrentGatheringReader",
    "ConcurrentQueue",
    "ConcurrentQueueIterator",
    "Empty",
    "EmptyDequeError",
    "Full",
    "IntervalLock",
    "LocalWrapper",
    "MissingType",
    "ProcessSemaphore",
    "QueueFailed",
    "RWLock",
    "RWReadContext",
    "RWWriteContext",
    "ShutDown",
    "StdConcurrentLifoQueue",
    "StdConcurrentPriorityQueue",
    "StdConcurrentQueue",
    "StdOrderedQueue",
    "StdOrderedQueueIterator",
    "__version__",
    "register_native_destructor",
    "registered_native_destructors",
    "run_native_destructors",
    "share",
    "unregister_native_destructor",
]

__version__: Final[str]
