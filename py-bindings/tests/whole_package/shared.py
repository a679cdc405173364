"""Helpers for the tests in this folder."""

# The names of ft_utils 0.2.0, and those that this package adds.
NAMES = {
    "concurrency": {
        "MISSING",
        "AtomicFlag",
        "AtomicInt64",
        "AtomicReference",
        "CacheStats",
        "ConcurrentCache",
        "ConcurrentCounter",
        "cached",
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
        "StripedCounter",
        "Stopped",
        "ThreadGroup",
        "WorkStealingExecutor",
        "WorkStealingFuture",
        "map_ordered",
        "parallel_for_each",
        "parallel_map",
        "parallel_reduce",
        "parallel_sort",
    },
    "local": {"BatchExecutor", "LocalWrapper", "get_local_wrapper", "release_local_wrapper"},
    "synchronization": {
        "Barrier",
        "Case",
        "Condition",
        "Event",
        "IntervalLock",
        "Latch",
        "Lock",
        "ManualClock",
        "Once",
        "RWLock",
        "RWReadContext",
        "RWWriteContext",
        "RateLimiter",
        "call_once",
        "select",
        "select_async",
    },
}
WAITERS = {
    "pop": "q = ConcurrentQueue(); call = q.pop",
    "pop with a timeout": "q = ConcurrentQueue(); call = lambda: q.pop(1000)",
    "pop that spins": "q = ConcurrentQueue(lock_free=True); call = q.pop",
    "push": "q = ConcurrentQueue(maxsize=1); q.push(0); call = lambda: q.push(1)",
    "push_many": "q = ConcurrentQueue(maxsize=1); call = lambda: q.push_many([1, 2, 3])",
    "pop_many": "q = ConcurrentQueue(); call = lambda: q.pop_many(5)",
    "iteration": "q = ConcurrentQueue(); call = lambda: list(q)",
    "iteration that spins": "q = ConcurrentQueue(lock_free=True); call = lambda: list(q)",
    "get_or_insert": """
d = ConcurrentDict()
leading = threading.Event()
def lead():
    leading.set()
    threading.Event().wait()
threading.Thread(target=d.get_or_insert, args=("k", lead), daemon=True).start()
leading.wait()
call = lambda: d.get_or_insert("k", list)
""",
}
