"""Every call that can wait, each with an object of its own on which it waits.

Programs import this: `begin()` starts a thread for each call, and returns when the threads sleep,
if the system can tell. `release` is a line of Python that ends the wait of the object `o`.
"""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any, NamedTuple

from helpers.operations import NAMES
from helpers.threads import until_asleep


class Wait(NamedTuple):
    kind: str
    make: str
    call: str
    release: str

    def made(self) -> Any:
        return eval(self.make, NAMES)

    def function(self, line: str) -> Callable[[Any], object]:
        return eval(f"lambda o: {line}", NAMES)


def after(call: str) -> Callable:
    """Return a function that runs a line on an object `o`, and returns the object."""
    return eval(f"lambda o: ({call}, o)[1]", NAMES)


def held(lock: Any, call: str) -> Any:
    """Return the lock, after a call in another thread, which then holds it."""
    thread = threading.Thread(target=after(call), args=(lock,))
    thread.start()
    thread.join()
    return lock


def leading(source: Callable[[Any], Any]) -> Any:
    """Return an object while a thread makes its value, until the event is set.

    The child of a fork does not have that thread, and makes the value without waiting.
    """
    entered, go = threading.Event(), threading.Event()

    def work() -> int:
        if not entered.is_set():
            entered.set()
            go.wait()
        return 1

    o, call = source(work)
    o_and_go[id(o)] = go
    threading.Thread(target=call, daemon=True).start()
    entered.wait()
    return o


o_and_go: dict[int, threading.Event] = {}


def batch(work: Callable) -> Any:
    o = NAMES["BatchExecutor"](work, 1)
    return o, o.load


def dictionary(work: Callable) -> Any:
    o = NAMES["ConcurrentDict"]()
    return o, lambda: o.get_or_insert("key", work)


def limited(clock: Any) -> Any:
    """Return a limiter that has no permits until its clock is advanced."""
    o = NAMES["RateLimiter"](1, clock=clock)
    o.clock = clock
    o.acquire()
    return o


def cache(work: Callable) -> Any:
    o = NAMES["ConcurrentCache"](8)
    return o, lambda: o.get_or_compute("key", work)


def once(work: Callable) -> Any:
    o = NAMES["Once"](lambda: work())
    return o, o


def let_go(o: Any) -> None:
    """Release a lock without an owner, unless another thread has done so."""
    with contextlib.suppress(RuntimeError):
        o.release()


def inside(o: Any, call: Callable[[], object]) -> object:
    o.acquire()
    try:
        return call()
    finally:
        let_go(o)


def count_to(n: int) -> Callable[[], bool]:
    """Return a predicate that is true at the n-th call."""
    calls = iter(range(1, n))
    return lambda: next(calls, n) == n


NAMES.update(
    after=after,
    batch=batch,
    cache=cache,
    count_to=count_to,
    dictionary=dictionary,
    go=lambda o: o_and_go[id(o)].set(),
    held=held,
    inside=inside,
    let_go=let_go,
    leading=leading,
    limited=limited,
    once=once,
)


def of(kind: str, make: str, release: str, *calls: str) -> list[Wait]:
    return [Wait(kind, make, call, release) for call in calls]


def queue(kind: str, *, full: str = "maxsize=1", empty: str = "") -> list[Wait]:
    std = kind.startswith("Std")
    pops = ["o.pop()", "o.pop(1000)", "o.pop_many(3)", "o.pop_local()", "next(iter(o))"]
    pushes = ["o.push(1)", "o.push(1, 1000)", "o.push_many([1])"]
    if std:
        pops += ["o.get()", "o.get(True, 1000)"]
        pushes += ["o.put(1)", "o.put(1, True, 1000)"]
        full = "1"
    else:
        full, empty = f"{full}{empty}", empty.lstrip(", ")
    return [
        *of(kind, f"{kind}({empty})", "o.shutdown()", *pops),
        *of(kind, f"{kind}({empty})", "o.fail(ValueError())", "o.pop()", "next(iter(o))"),
        *of(kind, f"filled({kind}({full}), 1)", "o.shutdown()", *pushes),
        *of(kind, f"filled({kind}({full}), 1)", "o.fail(ValueError())", "o.push(1)"),
        *(of(kind, f"filled({kind}(), 1)", "o.task_done()", "o.join()") if std else []),
        *(of(kind, f"filled({kind}(), 1)", "o.fail(ValueError())", "o.join()") if std else []),
    ]


WAITS = [
    *of(
        "AtomicFlag",
        "AtomicFlag(False)",
        "o.set(True)",
        "o.wait()",
        "o.wait(1000)",
        "select(o.waiting())",
    ),
    *of("BatchExecutor", "leading(batch)", "go(o)", "o.load()", "o.load(1000)", "next(iter(o))"),
    *of(
        "ConcurrentDeque",
        "ConcurrentDeque()",
        "o.append(1)",
        "o.pop(timeout=None)",
        "o.popleft(timeout=None)",
        "o.pop(timeout=1000)",
        "select(o.popping())",
        "select(Event().waiting(), o.poppingleft(), timeout=1000)",
    ),
    *of(
        "ConcurrentCache",
        "leading(cache)",
        "go(o)",
        "o.get_or_compute('key', int)",
        "o.get_or_compute('key', int, timeout=1000)",
        "o.refresh('key', int)",
        "o.setdefault('key', 1)",
    ),
    *of("ConcurrentDict", "leading(dictionary)", "go(o)", "o.get_or_insert('key', int)"),
    *of(
        "ConcurrentGatheringIterator",
        "ConcurrentGatheringIterator(window=2)",
        "o.close()",
        "o.insert(5, 1)",
        "next(o.iterator(1))",
        "list(o.iterator_local(1, timeout=1000))",
    ),
    *of("Barrier", "Barrier(2)", "o.abort()", "o.wait()", "o.wait(1000)"),
    *of(
        "Condition",
        "Condition()",
        "(o.acquire(), o.notify_all(), o.release())",
        "inside(o, o.wait)",
        "inside(o, lambda: o.wait(1000))",
        "inside(o, lambda: o.wait_for(count_to(2)))",
    ),
    *of(
        "Lock",
        "after('o.acquire()')(Lock())",
        "o.release()",
        "(o.acquire(), let_go(o))",
        "(o.acquire(timeout=1000), let_go(o))",
        "(o.__enter__(), let_go(o))",
    ),
    *of("Once", "leading(once)", "go(o)", "o()", "o(timeout=1000)"),
    *of("Event", "Event()", "o.set()", "o.wait()", "o.wait(1000)"),
    *of(
        "FutureBase",
        "WorkStealingFuture()",
        "o.set_result(1)",
        "o.result()",
        "o.result(1000)",
        "o.exception()",
    ),
    *of("Latch", "Latch(1)", "o.count_down()", "o.wait()", "o.wait(1000)"),
    *of(
        "ConcurrentQueue",
        "ConcurrentQueue()",
        "o.shutdown()",
        "select(o.popping())",
        "select(Event().waiting(), o.popping(), timeout=1000)",
    ),
    *of(
        "ConcurrentQueue",
        "filled(ConcurrentQueue(maxsize=1), 1)",
        "o.shutdown()",
        "select(o.pushing(1), Latch(1).waiting(), ConcurrentQueue().popping())",
    ),
    *queue("ConcurrentQueue"),
    *queue("ConcurrentQueue", empty=", lock_free=True"),
    *queue("StdConcurrentQueue"),
    *queue("StdConcurrentLifoQueue"),
    *queue("StdConcurrentPriorityQueue"),
    *of(
        "IntervalLock",
        "after('o.lock()')(IntervalLock())",
        "o.unlock()",
        "(o.lock(), o.unlock())",
        "(o.acquire(timeout=1000), o.release())",
        "(o.__enter__(), o.__exit__())",
    ),
    *of(
        "ProcessSemaphore",
        "after('o.try_acquire()')(ProcessSemaphore(1))",
        "o.release()",
        "o.acquire_sync()",
        "o.acquire_sync(timeout=1000)",
        "o.__enter__()",
        "select(o.acquiring())",
        "select(o.acquiring(), Event().waiting(), timeout=1000)",
    ),
    *of(
        "RateLimiter",
        "limited(ManualClock())",
        "o.clock.advance(1000)",
        "o.acquire()",
        "o.acquire(1, 1000)",
        "o.__enter__()",
        "select(o.acquiring())",
        "select(o.acquiring(), Event().waiting(), timeout=1000)",
    ),
    *of(
        "RWLock",
        "after('o.lock_write()')(RWLock())",
        "o.unlock_write()",
        "(o.lock_read(), o.unlock_read())",
        "(o.lock_write(), o.unlock_write())",
        "o.acquire_read(timeout=1000)",
        "o.acquire_write(timeout=1000)",
        "o.read().__enter__()",
        "o.write().__enter__()",
    ),
]


# Exceptions by which a wait ends, beside those of the queues.
ENDS = (StopIteration, threading.BrokenBarrierError, CancelledError)


def begin(daemon: bool) -> tuple[list[tuple[Wait, Any]], list[threading.Thread]]:
    """Start a thread in each call."""
    objects = [(wait, wait.made()) for wait in WAITS]

    def call(wait: Wait, o: Any) -> None:
        try:
            wait.function(wait.call)(o)
        except (*ENDS, NAMES["QueueFailed"], NAMES["ShutDown"], NAMES["Empty"]):
            pass

    threads = [threading.Thread(target=call, args=each, daemon=daemon) for each in objects]
    for thread in threads:
        thread.start()
    for thread in threads:
        until_asleep(thread)
    return objects, threads
