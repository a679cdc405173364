"""Harm: signals that interrupt queues."""

import itertools
import signal
import threading
import time
from collections import deque

import pytest
from ft_utils.concurrency import ConcurrentDict, ConcurrentQueue, Empty
from helpers.limits import LONG
from helpers.marks import WITH_SIGNALS
from helpers.signals import Stop, interrupted
from helpers.threads import Task, wait_until
from queues.contents import drained
from queues.kinds import BOTH_WAYS

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")


@WITH_SIGNALS
@BOTH_WAYS
@pytest.mark.parametrize("maxsize", [0, 2])
def test_interrupted_pops_lose_nothing(lock_free, maxsize):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=maxsize)
    done = threading.Event()

    def feed(q):
        for n in itertools.count():
            if done.is_set():
                return n
            q.push(n)
            if n % 7 == 0:
                time.sleep(0.00005)

    feeder = Task(feed, q.handle())
    items, source = [], iter(q)

    def work():
        # A loop in C keeps every item that the iterator gives it.
        items.extend(source)

    assert interrupted(work) > 0
    done.set()
    wait_until(lambda: items.extend(drained(q)) or feeder.is_done())
    items.extend(drained(q))
    assert items == list(range(feeder.result()))


@WITH_SIGNALS
@BOTH_WAYS
def test_interrupted_pushes_lose_only_what_they_refuse(lock_free):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=3)
    eater = Task(list, iter(q.handle()))
    source = itertools.count()

    def work():
        deque(map(q.push, source), maxlen=0)

    stopped = interrupted(work)
    q.shutdown()
    items = eater.result()
    # Each interrupted call has taken one number from the source, and raised: it is not there.
    assert 0 < next(source) - len(items) <= stopped
    assert items == sorted(set(items))


@WITH_SIGNALS
@BOTH_WAYS
def test_interrupted_push_many_returns_the_rest(lock_free):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=3)
    eater = Task(list, iter(q.handle()))
    batches, rests, numbers = [], [], itertools.count()

    def work():
        batches.append(list(itertools.islice(numbers, 500)))
        try:
            q.push_many(batches[-1])
        except Stop as error:
            rests.append((len(batches) - 1, getattr(error, "remaining", None)))
            raise

    interrupted(work)
    q.shutdown()
    for index, rest in rests:
        # Without the attribute the signal came before the call, or after it.
        if rest:
            kept = len(batches[index]) - len(rest)
            assert batches[index][kept:] == rest
            del batches[index][kept:]
    items = eater.result()
    whole = [number for batch in batches for number in batch]
    assert items == sorted(set(items))
    assert set(items) <= set(whole)
    assert any(rest for _, rest in rests)


@WITH_SIGNALS
@BOTH_WAYS
def test_interrupted_pop_local_loses_nothing(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    q.push_many(range(20_000))
    wrappers = []

    def work():
        wrappers.extend(itertools.starmap(q.pop_local, itertools.repeat((0.01,))))

    assert interrupted(work, (Empty,)) > 0
    items = [wrapper.wrapped for wrapper in wrappers] + drained(q)
    assert items == list(range(20_000))


@WITH_SIGNALS
@BOTH_WAYS
def test_handler_may_use_the_queue_it_interrupts(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    before = signal.signal(signal.SIGUSR1, lambda *_: q.push("from the handler"))
    main = threading.get_ident()
    timer = threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGUSR1))
    timer.start()
    try:
        assert q.pop(LONG) == "from the handler"
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


@WITH_SIGNALS
def test_interrupted_leader_hands_over():
    d, entered = ConcurrentDict(), threading.Event()

    def work():
        return d.get_or_insert("key", factory)

    def factory():
        entered.set()
        time.sleep(LONG)

    follower = Task(lambda: entered.wait(LONG) and d.get_or_insert("key", lambda: "second"))

    def handle(*_):
        raise Stop

    before = signal.signal(signal.SIGUSR1, handle)
    main = threading.get_ident()

    def strike():
        entered.wait(LONG)
        follower.until_asleep()
        signal.pthread_kill(main, signal.SIGUSR1)

    striker = Task(strike)
    with pytest.raises(Stop):
        work()
    signal.signal(signal.SIGUSR1, before)
    striker.result()
    assert follower.result() == d["key"] == "second"
