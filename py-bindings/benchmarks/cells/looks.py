"""A look at a shared object: what it costs when two threads have one.

Those of the atomics and of the dictionary are with their other operations.
"""

from collections.abc import Iterator

from benchmarks.cell import HANDLE, OURS, REFERENCE, Cell, loop, same

CONCURRENCY, SYNCHRONIZATION = "ft_utils.concurrency", "ft_utils.synchronization"

# Module, class, arguments, statement, and whether the reference has it.
LOOKS = [
    (CONCURRENCY, "ConcurrentQueue", "", "x.size()", True),
    (CONCURRENCY, "StdConcurrentQueue", "", "x.qsize()", True),
    (CONCURRENCY, "StdConcurrentLifoQueue", "", "x.qsize()", False),
    (CONCURRENCY, "StdConcurrentPriorityQueue", "", "x.qsize()", False),
    (CONCURRENCY, "ConcurrentDeque", "[1, 2, 3]", "x[1]", True),
    (CONCURRENCY, "ConcurrentGatheringIterator", "", "x.size()", False),
    (CONCURRENCY, "ProcessSemaphore", "3", "x.locked()", False),
    (SYNCHRONIZATION, "RWLock", "", "x.readers()", True),
    (SYNCHRONIZATION, "IntervalLock", "", "x.locked()", True),
    ("ft_utils.local", "BatchExecutor", "int, 8", "x.size", False),
]


def cells() -> Iterator[Cell]:
    for module, name, arguments, statement, in_reference in LOOKS:
        setup = f"from {module} import {name}\nx = {name}({arguments})"
        columns = (OURS, HANDLE, REFERENCE) if in_reference else (OURS, HANDLE)
        yield Cell(f"look: {name} {statement}", same(columns, setup, loop(statement)), (1, 2))
    # What two threads cost that share nothing: what the others are to be seen against.
    setup, mine = "from ft_utils.concurrency import AtomicInt64", "x = AtomicInt64(1)"
    own = same((OURS,), setup, loop("x.get()"), prepare=mine)
    yield Cell("floor: AtomicInt64 x.get(), each its own", own, (1, 2))
