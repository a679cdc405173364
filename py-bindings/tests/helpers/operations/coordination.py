"""The operations of the objects on which threads and coroutines wait for each other."""

import sys

from .lines import REFUSED, SHARED, SUBSCRIPT, TEXT, of

# Before 3.14, PyO3 panics if it has no memory for its note about a wrong argument.
WRONG_TIMEOUTS = """
o.wait("x")
o.wait(-1)
"""
if sys.version_info < (3, 14):
    WRONG_TIMEOUTS = ""

OPERATIONS = {
    "Barrier": of(
        """
        Barrier(1, x)
        Barrier(2)
        Barrier(x, x, x)
        """,
        SHARED
        + """
        o.__init__(2, None, "x")
        o.parties
        o.n_waiting
        o.broken
        o.wait(x)
        o.wait(0)
        o.reset()
        o.abort()
        step(o.wait_async(x))
        step(o.wait_async())
        """,
        "o.wait()",
    ),
    "Case": of(
        """
        ConcurrentQueue().pushing(x)
        filled(ConcurrentQueue(maxsize=1), x).pushing(x)
        filled(StdConcurrentPriorityQueue(maxsize=5), x, x).pushing(x)
        filled(StdConcurrentPriorityQueue(), x, x).popping()
        ConcurrentQueue().popping()
        ConcurrentDeque((x, x)).popping()
        AtomicFlag(False).waiting()
        Event().waiting()
        ProcessSemaphore(1).acquiring()
        RateLimiter(1).acquiring()
        """,
        REFUSED
        + SUBSCRIPT
        + TEXT
        + """
        select(o, timeout=0)
        select(o, o, timeout=x)
        select(o, x)
        select(x, o)
        step(select_async(o))
        step(select_async(o, o, timeout=x))
        step(select_async(o, x))
        """,
    ),
    "Event": of(
        "Event()",
        SHARED
        + """
        o.is_set()
        o.set()
        o.clear()
        o.wait(x)
        step(o.wait_async())
        step(o.wait_async(x))
        o.waiting()
        step(select_async(o.waiting(), o.waiting()))
        """
        + WRONG_TIMEOUTS,
        "(o.set(), o.wait())",
    ),
    "Latch": of(
        """
        Latch(1)
        Latch(x)
        """,
        SHARED
        + """
        o.count
        o.count_down()
        o.count_down(x)
        o.add()
        o.add(x)
        o.wait(x)
        step(o.wait_async())
        step(o.wait_async(x))
        o.waiting()
        step(select_async(o.waiting(), o.waiting()))
        """,
        "(o.count_down(o.count), o.wait())",
    ),
    "ManualClock": of(
        "ManualClock()",
        SHARED
        + """
        o.now()
        o.advance(x)
        o.advance(0.5)
        """,
    ),
    "Once": of(
        """
        Once(x)
        Once(lambda: x)
        Once(x, keep_errors=True)
        """,
        SHARED
        + """
        o.done()
        o.__call__(timeout=x)
        o(timeout=0)
        Once(lambda: 1 / 0, keep_errors=True)()
        step(o.call_async())
        step(o.call_async(timeout=x))
        """,
        "o()",
    ),
    "RateLimiter": of(
        """
        RateLimiter(1)
        RateLimiter(x, x, x)
        RateLimiter(5, burst=2, clock=ManualClock())
        """,
        SHARED
        + """
        o.burst
        o.interval
        o.available
        o.waiting
        o.try_acquire()
        o.try_acquire(x)
        o.acquiring()
        o.acquiring(x)
        step(select_async(o.acquiring(), o.acquiring()))
        o.acquire(x, 0)
        o.acquire(1, x)
        o.acquire(1, 0)
        o.reserve()
        o.reserve(x)
        step(o.acquire_async())
        step(o.acquire_async(x, x))
        step(o.__aenter__())
        o.__exit__(x, x, x)
        step(o.__aexit__(x, x, x))
        """,
        """
        o.acquire()
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
}
