"""Signals whose handlers raise, in every kind of wait."""

import contextlib
import itertools
import signal
import threading

import pytest
from ft_utils.concurrency import (
    Empty,
    QueueFailed,
    ShutDown,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
)
from helpers.marks import WITH_SIGNALS
from helpers.signals import Stop, interrupted
from helpers.threads import Task, until_asleep
from helpers.waits import WAITS

pytestmark = [
    pytest.mark.thread_unsafe(reason="signals belong to the process"),
    WITH_SIGNALS,
]

# The thread that has the lock would have to be the one that waits for it; their own tests do this.
# A condition remembers no notification that comes before the wait.
LOCKS = ("IntervalLock", "RWLock", "Condition")
FREE = [wait for wait in WAITS if wait.kind not in LOCKS]


@contextlib.contextmanager
def raising_handler():
    def handle(*_):
        raise Stop

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        yield threading.get_ident()
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("wait", FREE, ids=lambda wait: f"{wait.make}: {wait.call}")
def test_wait_ends_and_may_be_begun_again(wait):
    o = wait.made()
    call = wait.function(wait.call)
    main_thread = threading.current_thread()

    def strike():
        until_asleep(main_thread)
        signal.pthread_kill(main, signal.SIGUSR1)

    with raising_handler() as main:
        for _ in range(2):
            striker = Task(strike)
            with pytest.raises(Stop):
                call(o)
            striker.result()
    # None of the calls has taken the item that is there now.
    wait.function(wait.release)(o)
    with contextlib.suppress(QueueFailed, ShutDown, StopIteration, threading.BrokenBarrierError):
        call(o)


@pytest.mark.parametrize(
    "kind", [StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue]
)
def test_storm_loses_nothing(kind):
    """Amid signals at any moment items go through a small queue to a list in loops of C code."""
    q, done, taken = kind(2), threading.Event(), []

    def feed():
        for n in itertools.count():
            if done.is_set():
                return n
            q.put(n)

    def work():
        taken.extend(iter(q.get, None))

    feeder = Task(feed)
    assert interrupted(work) > 0
    done.set()
    while not feeder.is_done() or not q.empty():
        with contextlib.suppress(Empty):
            taken.append(q.get(timeout=0.01))
    assert sorted(taken) == list(range(feeder.result()))
