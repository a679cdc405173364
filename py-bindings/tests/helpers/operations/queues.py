"""The operations of the queues, and of the coroutines that wait for them."""

from .lines import SHARED, SUBSCRIPT, TEXT, of

# The operations of all queues.
QUEUE_NEVER_WAITS = (
    SHARED
    + SUBSCRIPT
    + """
    o.__iter__()
    o.push(x, x)
    o.try_push(x)
    o.push_many(x, x)
    o.pop(x)
    o.try_pop()
    o.pop_many(x, x)
    o.pop_many(300, 0)
    o.pop_local(x)
    step(o.push_async(x, x))
    step(o.put_async(x, x))
    step(o.pop_async(x))
    step(o.get_async(x))
    step(o.push_async(x))
    step(o.put_async(x))
    step(o.pop_async())
    step(o.get_async())
    o.popping()
    o.pushing(x)
    step(select_async(o.popping(), o.pushing(x)))
    select(o.popping(), o.pushing(x), timeout=0)
    o.drain()
    o.peek()
    o.size()
    o.empty()
    o.full()
    o.maxsize
    o.is_shutdown
    o.failure
    o.fail(x)
    o.__length_hint__()
"""
)

QUEUE_MAY_WAIT = """
    o.push(x)
    o.push_many((x,))
    o.pop()
    o.pop_many(300)
    o.pop_local()
    next(iter(o))
"""

SHUTDOWN = """
    o.shutdown()
    o.shutdown(x)
    o.fail(ValueError(x))
    (o.fail(ValueError()), o.drain(), next(iter(o)))
"""

STD_NEVER_WAITS = (
    QUEUE_NEVER_WAITS
    + """
    o.put(x, x, x)
    o.put_nowait(x)
    o.put(x, False)
    o.get(x, x)
    o.get_nowait()
    o.qsize()
    o.task_done()
    o.unfinished_tasks
    step(o.join_async())
    type(o).__init_subclass__()
    type("Sub", (type(o),), {}, key=x)
"""
)

STD_MAY_WAIT = (
    QUEUE_MAY_WAIT
    + """
    o.put(x)
    o.get()
    (o.fail(ValueError()), o.join())
    (o.shutdown(True), [o.task_done() for _ in range(o.unfinished_tasks)], o.join())
"""
    + SHUTDOWN
)

ITERATION = """
    o.__iter__()
    o.__length_hint__()
"""

# One that holds a number as well, so that lines which take one away find another.
STD_MAKE = """
    filled({0}(5), x, x)
    {0}(x)
    {0}()
"""

OPERATIONS = {
    "ConcurrentQueue": of(
        """
        filled(ConcurrentQueue(maxsize=5), x, x)
        filled(ConcurrentQueue(lock_free=True, maxsize=5), x, x)
        ConcurrentQueue(x, x, maxsize=x)
        """,
        QUEUE_NEVER_WAITS,
        QUEUE_MAY_WAIT + SHUTDOWN,
    ),
    "StdConcurrentQueue": of(STD_MAKE.format("StdConcurrentQueue"), STD_NEVER_WAITS, STD_MAY_WAIT),
    "StdConcurrentLifoQueue": of(
        STD_MAKE.format("StdConcurrentLifoQueue"), STD_NEVER_WAITS, STD_MAY_WAIT
    ),
    "StdConcurrentPriorityQueue": of(
        STD_MAKE.format("StdConcurrentPriorityQueue"), STD_NEVER_WAITS, STD_MAY_WAIT
    ),
    "ConcurrentQueueIterator": of(
        "iter(filled(ConcurrentQueue(maxsize=5), x, x))", ITERATION, "o.__next__()"
    ),
    "StdOrderedQueueIterator": of(
        "iter(filled(StdConcurrentPriorityQueue(5), x, x))", ITERATION, "o.__next__()"
    ),
    "Coroutine": of(
        """
        filled(ConcurrentQueue(maxsize=5), x, x).put_async(x, x)
        filled(StdConcurrentPriorityQueue(maxsize=5), x, x).put_async(x, x)
        ConcurrentQueue().get_async()
        """,
        TEXT
        + """
        o.__name__
        o.__qualname__
        o.__await__()
        o.__iter__()
        o.__next__()
        o.send(None)
        o.send(x)
        o.throw(x)
        o.throw(ValueError(x))
        o.close()
        """,
    ),
}
