"""ConcurrentQueue, StdConcurrentQueue, ConcurrentDeque, ConcurrentGatheringIterator."""

from collections.abc import Iterator

from benchmarks.cell import (
    AIOLOGIC,
    ALL,
    BOTH,
    CULSANS,
    HANDLE,
    OURS,
    PAIRS,
    PYSYNC,
    REFERENCE,
    REFERENCE_WRAPPER,
    SCALING,
    STD,
    WRAPPER,
    Cell,
    Way,
    loop,
    same,
)

QUEUE = "from ft_utils.concurrency import ConcurrentQueue\nx = ConcurrentQueue()"
SIMPLE = "from queue import SimpleQueue\nx = SimpleQueue()"
CHANNEL = "from pysync import Channel\nx = Channel()"
AIOLOGIC_SIMPLE = "from aiologic import SimpleQueue\nx = SimpleQueue()"
STD_QUEUE = "from ft_utils.concurrency import StdConcurrentQueue\nx = StdConcurrentQueue()"
STD_STD_QUEUE = "from queue import Queue\nx = Queue()"
CULSANS_QUEUE = "from culsans import Queue\nx = Queue().sync_q"
DEQUE = "from ft_utils.concurrency import ConcurrentDeque\nx = ConcurrentDeque()"
STD_DEQUE = "from collections import deque\nx = deque()"
GATHERING = """\
from ft_utils.concurrency import ConcurrentGatheringIterator
x = ConcurrentGatheringIterator()
"""

# In one call, where there is one for many.
BATCH = 64


# So many items fit into a queue with a bound.
BOUND = 16


def cells() -> Iterator[Cell]:
    yield from _queues()
    yield from _waiting()
    yield from _std_queues()
    yield from _deques()
    yield from _gathering()


def _queues() -> Iterator[Cell]:
    ways = same(ALL, QUEUE, loop("x.push(5); x.pop()"))
    ways |= same((PYSYNC,), CHANNEL, loop("x.send(5); x.recv()"))
    ways |= same((AIOLOGIC,), AIOLOGIC_SIMPLE, loop("x.put(5); x.green_get()"))
    ways |= same((STD,), SIMPLE, loop("x.put(5); x.get()"))
    yield Cell("queue: push and pop", ways, SCALING)
    ways = same(ALL, QUEUE, loop("x.push(5)"), loop("x.pop()"))
    ways |= same((PYSYNC,), CHANNEL, loop("x.send(5)"), loop("x.recv()"))
    ways |= same((AIOLOGIC,), AIOLOGIC_SIMPLE, loop("x.put(5)"), loop("x.green_get()"))
    ways |= same((STD,), SIMPLE, loop("x.put(5)"), loop("x.get()"))
    yield Cell("queue: half push, half pop", ways, PAIRS)

    # How the others do it is in the cell above: they have no call for several.
    push = f"batch = [5] * {BATCH}\nfor _ in repeat(None, n // {BATCH}):\n    x.push_many(batch)"
    pop = f"left = n\nwhile left:\n    left -= len(x.pop_many(min({BATCH}, left)))"
    ways = same((OURS, HANDLE, WRAPPER), QUEUE, push, pop)
    yield Cell(f"queue: half push, half pop, {BATCH} at a time", ways, PAIRS, step=BATCH)
    both = (
        f"batch = [5] * {BATCH}\n"
        f"for _ in repeat(None, n // {BATCH}):\n    x.push_many(batch); x.pop_many({BATCH})"
    )
    ways = same((OURS, HANDLE), QUEUE, both)
    yield Cell(f"queue: push and pop, {BATCH} at a time", ways, SCALING, step=BATCH)


def _waiting() -> Iterator[Cell]:
    """Where threads wait for each other: for each item, or for room."""
    # One item goes there and back: an operation is both ways.
    go, back = loop("x.{0}(5); y.{1}()"), loop("x.{1}(); y.{0}(5)")

    def both(column: str, setup: str, put: str, get: str) -> dict[str, Way]:
        second = setup.rpartition("\n")[2].replace("x =", "y =")
        loops = (code.format(put, get) for code in (go, back))
        return same((column,), f"{setup}\n{second}", *loops)

    ways = both(OURS, QUEUE, "push", "pop") | both(REFERENCE, QUEUE, "push", "pop")
    ways |= both(PYSYNC, CHANNEL, "send", "recv")
    ways |= both(AIOLOGIC, AIOLOGIC_SIMPLE, "put", "green_get")
    ways |= both(STD, SIMPLE, "put", "get")
    yield Cell("queue: there and back", ways, (2,))
    ways = both(OURS, STD_QUEUE, "put", "get") | both(REFERENCE, STD_QUEUE, "put", "get")
    ways |= both(CULSANS, CULSANS_QUEUE, "put", "get")
    ways |= both(STD, STD_STD_QUEUE, "put", "get")
    yield Cell("std queue: there and back", ways, (2,))

    # SimpleQueue has no bound.
    bounded = QUEUE.replace("()", f"(maxsize={BOUND})")
    ways = same((OURS, HANDLE), bounded, loop("x.push(5)"), loop("x.pop()"))
    for column, setup in ((CULSANS, CULSANS_QUEUE), (STD, STD_STD_QUEUE)):
        full = setup.replace("Queue()", f"Queue({BOUND})")
        ways |= same((column,), full, loop("x.put(5)"), loop("x.get()"))
    yield Cell(f"queue: half push, half pop, room for {BOUND}", ways, PAIRS)


def _std_queues() -> Iterator[Cell]:
    ways = same(ALL, STD_QUEUE, loop("x.put(5); x.get()"))
    ways |= same((CULSANS,), CULSANS_QUEUE, loop("x.put(5); x.get()"))
    ways |= same((STD,), STD_STD_QUEUE, loop("x.put(5); x.get()"))
    yield Cell("std queue: put and get", ways, SCALING)
    ways = same(ALL, STD_QUEUE, loop("x.put(5)"), loop("x.get()"))
    ways |= same((CULSANS,), CULSANS_QUEUE, loop("x.put(5)"), loop("x.get()"))
    ways |= same((STD,), STD_STD_QUEUE, loop("x.put(5)"), loop("x.get()"))
    yield Cell("std queue: half put, half get", ways, PAIRS)
    task = loop("x.put(5); x.get(); x.task_done()")
    ways = same(BOTH, STD_QUEUE, task) | same((CULSANS,), CULSANS_QUEUE, task)
    ways |= same((STD,), STD_STD_QUEUE, task)
    yield Cell("std queue: put, get, task_done", ways)


def _deques() -> Iterator[Cell]:
    for name, statement in [
        ("append and popleft", "x.append(5); x.popleft()"),
        ("append and pop", "x.append(5); x.pop()"),
    ]:
        ways = same(ALL, DEQUE, loop(statement)) | same((STD,), STD_DEQUE, loop(statement))
        yield Cell(f"deque: {name}", ways, SCALING)


def _gathering() -> Iterator[Cell]:
    insert = "number = 0\nfor _ in repeat(None, n):\n    x.insert(number, 5); number += 1"
    read = "for _ in x.iterator(n - 1):\n    pass"
    yield Cell("gathering: insert all, read all", same(BOTH, GATHERING, f"{insert}\n{read}"))
    columns = (OURS, HANDLE, REFERENCE, REFERENCE_WRAPPER)
    ways = same(columns, GATHERING, insert, read)
    yield Cell("gathering: one inserts, one reads", ways, (2,))
