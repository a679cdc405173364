"""The classes of ft_utils, implemented in Rust; the modules of this folder have their types."""

from typing import Final

from ft_utils._native.atomics import AtomicFlag, AtomicInt64, AtomicReference, StripedCounter
from ft_utils._native.cache import (
    CachedFunction,
    CachedMethod,
    ConcurrentCache,
    ConcurrentCacheIterator,
)
from ft_utils._native.choosing import Case, select, select_async
from ft_utils._native.coordination import (
    Barrier,
    Event,
    Latch,
    ManualClock,
    Once,
    RateLimiter,
    Stopped,
    is_stopped_by,
    stop_waits_on,
)
from ft_utils._native.deque import ConcurrentDeque, ConcurrentDequeIterator, EmptyDequeError
from ft_utils._native.dict import MISSING, ConcurrentDict, ConcurrentDictIterator, MissingType
from ft_utils._native.flow import (
    BatchExecutor,
    BatchExecutorIterator,
    ConcurrentGatheringIterator,
    ConcurrentGatheringReader,
    ExecutorBase,
    FutureBase,
)
from ft_utils._native.local_wrapper import LocalWrapper
from ft_utils._native.locks import (
    Condition,
    IntervalLock,
    Lock,
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
from ft_utils._native.runtime import is_shared, share
from ft_utils._native.set import ConcurrentSet, ConcurrentSetIterator
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
    "Barrier",
    "BatchExecutor",
    "BatchExecutorIterator",
    "CachedFunction",
    "CachedMethod",
    "Case",
    "ConcurrentCache",
    "ConcurrentCacheIterator",
    "ConcurrentDeque",
    "ConcurrentDequeIterator",
    "ConcurrentDict",
    "ConcurrentDictIterator",
    "ConcurrentGatheringIterator",
    "ConcurrentGatheringReader",
    "ConcurrentQueue",
    "ConcurrentQueueIterator",
    "ConcurrentSet",
    "ConcurrentSetIterator",
    "Condition",
    "Empty",
    "EmptyDequeError",
    "Event",
    "ExecutorBase",
    "Full",
    "FutureBase",
    "IntervalLock",
    "Latch",
    "LocalWrapper",
    "Lock",
    "ManualClock",
    "MissingType",
    "Once",
    "ProcessSemaphore",
    "QueueFailed",
    "RWLock",
    "RWReadContext",
    "RWWriteContext",
    "RateLimiter",
    "ShutDown",
    "StdConcurrentLifoQueue",
    "StdConcurrentPriorityQueue",
    "StdConcurrentQueue",
    "StdOrderedQueue",
    "StdOrderedQueueIterator",
    "Stopped",
    "StripedCounter",
    "__version__",
    "is_shared",
    "is_stopped_by",
    "register_native_destructor",
    "registered_native_destructors",
    "run_native_destructors",
    "select",
    "select_async",
    "share",
    "stop_waits_on",
    "unregister_native_destructor",
]

__version__: Final[str]
