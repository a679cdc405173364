"""The operations of the classes that spread work and gather results."""

from .lines import REFUSED, SHARED, SUBSCRIPT, TEXT, of

OPERATIONS = {
    "BatchExecutor": of(
        """
        BatchExecutor(x, 3)
        BatchExecutor(x, x)
        """,
        SHARED
        + SUBSCRIPT
        + """
        o.__iter__()
        o.load(x)
        o.as_local()
        o.source
        o.size
        o.buffered
        """,
        """
        o.load()
        [o.load() for _ in range(4)]
        next(iter(o))
        """,
    ),
    "BatchExecutorIterator": of(
        "iter(BatchExecutor(x, 3))", "o.__iter__()", "[o.__next__() for _ in range(4)]"
    ),
    "ConcurrentGatheringIterator": of(
        """
        gathered(ConcurrentGatheringIterator(window=4), x, x)
        ConcurrentGatheringIterator(x)
        ConcurrentGatheringIterator(x, window=x)
        """,
        SHARED
        + SUBSCRIPT
        + """
        o.insert(x, x, x)
        o.insert(-1, x)
        o.insert(100, x, 0)
        o.iterator(x, x, x)
        o.iterator_local(x, x, x)
        next(o.iterator(x, x, x))
        list(o.iterator(1, False, 0))
        next(o.iterator_local(x, x, x))
        o.failure
        o.closed
        o.window
        o.size()
        """,
        """
        o.insert(x, x)
        next(o.iterator(1))
        list(o.iterator_local(1))
        (o.fail(ValueError(x)), o.clear_failure())
        o.close()
        """,
    ),
    "ConcurrentGatheringReader": of(
        """
        gathered(ConcurrentGatheringIterator(), x, x).iterator(1, True, x)
        gathered(ConcurrentGatheringIterator(), x, x).iterator_local(1, False, x)
        """,
        """
        o.__iter__()
        o.__aiter__()
        step(o.__anext__())
        o.close()
        o.__next__()
        """,
    ),
    # What jobs do is in tests/flow/executor: a worker would make these calls, and later.
    "ExecutorBase": of(
        "shut(WorkStealingExecutor(1, initializer=print, initargs=(x,)))",
        REFUSED
        + """
        o.submit(x, x, x=x)
        o.submit(x=x)
        o._set_up(1, x, x)
        o._shut_down(x, x)
        o.max_workers
        o._shutdown
        o._broken
        """,
    ),
    "FutureBase": of(
        """
        calling(WorkStealingFuture(), x)
        WorkStealingFuture()
        """,
        REFUSED
        + SUBSCRIPT
        + TEXT
        + """
        o.cancel()
        o.cancelled()
        o.running()
        o.done()
        o.result(0)
        o.exception(0)
        o.add_done_callback(x)
        o.set_running_or_notify_cancel()
        o.set_result(x)
        o.set_exception(x)
        o._state
        o._condition
        o._waiters
        o._result
        o._exception
        (o._waiters.append(x), o.set_result(x))
        (o.set_exception(x), o.result())
        (o.set_result(x), o.add_done_callback(x), o.result(x))
        """,
        """
        (o.set_result(x), o.result())
        (o.set_exception(ValueError(x)), o.exception())
        """,
    ),
}
