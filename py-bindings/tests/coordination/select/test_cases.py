"""select() and select_async(): which case takes effect, and what the answer is."""

import asyncio
import copy
import gc
import pickle
import queue
import sys
import weakref
from collections import Counter

import pytest
from ft_utils import (
    AtomicFlag,
    Case,
    ConcurrentDeque,
    ConcurrentQueue,
    Event,
    Full,
    Latch,
    ProcessSemaphore,
    QueueFailed,
    RateLimiter,
    ShutDown,
    StdConcurrentPriorityQueue,
    select,
    select_async,
)
from helpers.loops import run
from helpers.objects import Thing, collected
from queues.kinds import EACH


def in_a_loop(*cases, timeout=None):
    """Do the same as select(), in a coroutine."""

    async def main():
        return await select_async(*cases, timeout=timeout)

    return run(main())


each_way = pytest.mark.parametrize("choose", [select, in_a_loop])


@EACH
@each_way
def test_queues(kind, choose):
    empty, full = kind(), kind(maxsize=1)
    full.push(1)
    pop_empty, pop_full, push_full = empty.popping(), full.popping(), full.pushing(2)
    assert choose(pop_empty, pop_full, timeout=0) == (pop_full, 1)
    assert choose(pop_empty, push_full) == (push_full, None)
    # A case can be used again.
    assert choose(pop_empty, pop_full) == (pop_full, 2)
    assert choose(pop_empty, push_full) == (push_full, None)
    with pytest.raises(TimeoutError):
        choose(pop_empty, push_full, timeout=0)
    with pytest.raises(TimeoutError):
        choose(pop_empty, push_full, timeout=0.001)
    assert (empty.size(), full.drain()) == (0, [2])


@each_way
def test_gates(choose):
    event, latch, q = Event(), Latch(1), ConcurrentQueue()
    cases = event.waiting(), latch.waiting(), q.popping()
    with pytest.raises(TimeoutError):
        choose(*cases, timeout=0)
    event.set()
    assert choose(*cases) == (cases[0], True)
    event.clear()
    latch.count_down()
    assert choose(*cases) == (cases[1], True)
    # An opening counts only while a call waits for it.
    latch.add()
    with pytest.raises(TimeoutError):
        choose(*cases, timeout=0.001)


@each_way
def test_an_answer_is_a_plain_tuple(choose):
    q, item = ConcurrentQueue(), Thing()
    q.push(item)
    case = q.popping()
    answer = choose(case)
    assert type(answer) is tuple
    assert answer[0] is case
    assert answer[1] is item


@EACH
@each_way
def test_shut_down(kind, choose):
    q, other = kind(maxsize=1), kind()
    q.push(1)
    q.shutdown()
    pop, push = q.popping(), q.pushing(2)
    with pytest.raises(ShutDown) as raised:
        choose(other.popping(), push)
    assert raised.value.case is push
    assert choose(pop, other.popping()) == (pop, 1)
    with pytest.raises(ShutDown) as raised:
        choose(other.popping(), pop, timeout=0)
    assert raised.value.case is pop


@EACH
@each_way
def test_failed(kind, choose):
    q, cause = kind(), ValueError("broken")
    q.fail(cause)
    pop = q.popping()
    with pytest.raises(QueueFailed) as raised:
        choose(pop, Event().waiting())
    assert raised.value.case is pop
    assert raised.value.__cause__ is cause


@each_way
def test_misuse(choose):
    q = ConcurrentQueue()
    with pytest.raises(ValueError, match="at least one case"):
        choose()
    for wrong in (q, None, 5, q.popping, ("a",)):
        with pytest.raises(TypeError, match=r"cases, such as queue.popping\(\)"):
            choose(q.pushing(1), wrong)
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="timeout"):
            choose(q.pushing(1), timeout=wrong)
    with pytest.raises(TypeError):
        choose(q.pushing(1), timeout="soon")
    assert q.empty()


def test_fair():
    """Of cases that are always possible, each has the same chance, wherever it stands."""
    events = [Event() for _ in range(4)]
    for event in events[1:]:
        event.set()
    cases = [event.waiting() for event in events]
    chosen = Counter(select(*cases)[0] for _ in range(3_000))
    # Seven standard deviations.
    assert all(820 < chosen[case] < 1_180 for case in cases[1:])


def test_cases():
    q = ConcurrentQueue()
    for case in (
        q.popping(),
        q.pushing(1),
        Event().waiting(),
        Latch(1).waiting(),
        AtomicFlag(False).waiting(),
        ConcurrentDeque().poppingleft(),
        ProcessSemaphore(1).acquiring(),
        RateLimiter(1).acquiring(),
    ):
        assert type(case) is Case
        assert "Case" in repr(case) and "ing" in repr(case)
        for call in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="Case"):
                call(case)
    with pytest.raises(TypeError):
        Case()
    assert Case[int].__origin__ is Case


def test_handles_and_subclasses():
    class Mine(StdConcurrentPriorityQueue):
        pass

    q = Mine()
    put, get = q.handle().pushing(3), q.handle().popping()
    assert select(get, put) == (put, None)
    assert select(get, Event().waiting()) == (get, 3)


@each_way
def test_tasks_are_counted(choose):
    q = StdConcurrentPriorityQueue()
    choose(q.pushing(1), q.pushing(2))
    assert q.unfinished_tasks == 1
    choose(q.popping())
    q.task_done()
    q.join()


@each_way
def test_comparison_that_raises(choose):
    """The error is raised, and the queue is as before."""

    class Odd:
        def __lt__(self, other):
            raise ZeroDivisionError("odd")

    q = StdConcurrentPriorityQueue()
    q.push(1)
    push = q.pushing(Odd())
    with pytest.raises(ZeroDivisionError, match="odd") as raised:
        choose(push)
    assert raised.value.case is push
    assert q.drain() == [1]


@each_way
def test_comparison_that_chooses(choose):
    """A comparison may use select() itself."""
    inner = ConcurrentQueue()

    class Busy:
        def __lt__(self, other):
            select(inner.pushing(1), Event().waiting())
            return True

    q = StdConcurrentPriorityQueue()
    q.push(1)
    choose(q.pushing(Busy()))
    assert not inner.empty()
    assert q.size() == 2


def test_losers_hold_nothing():
    """Items of cases that took no effect die with their cases."""
    q, full = ConcurrentQueue(), ConcurrentQueue(maxsize=1)
    full.push(0)
    q.push(1)
    thing = Thing()
    died = weakref.ref(thing)
    push = full.pushing(thing)
    del thing
    select(q.popping(), push)
    assert died() is not None
    del push
    assert collected(died)


def test_cycles_are_collected():
    class Node:
        pass

    node, q = Node(), ConcurrentQueue(maxsize=1)
    node.case = q.pushing(node)
    node.coroutine = select_async(q.pushing(node), q.popping())
    node.coroutine.close()
    q.push(node)
    died = weakref.ref(node)
    del node, q
    assert collected(died)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="queue.ShutDown")
def test_errors_are_those_of_queue():
    q = ConcurrentQueue()
    q.shutdown()
    with pytest.raises(queue.ShutDown):
        select(q.popping())
    assert issubclass(Full, queue.Full)


def test_never_awaited():
    with pytest.warns(RuntimeWarning, match="select_async' was never awaited"):
        select_async(Event().waiting())
        gc.collect()


def test_timeout_counts_from_the_call():
    async def main():
        coroutine = select_async(Event().waiting(), timeout=0.005)
        await asyncio.sleep(0.01)
        with pytest.raises(TimeoutError):
            await coroutine

    run(main())
