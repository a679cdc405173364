"""ConcurrentQueue: many producers and consumers."""

import time

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentQueue, Empty, Full, ShutDown
from helpers.threads import Task, flat, run_threads

from queues.contents import drained
from queues.kinds import BOTH_WAYS

from .shared import ROUNDS, filled


def produce(q, index, many):
    items = [(index, n) for n in range(ROUNDS)]
    if many:
        for n in range(0, ROUNDS, 100):
            q.push_many(items[n : n + 100])
    else:
        for item in items:
            q.push(item)


def consume(q, how):
    if how == "iteration":
        return list(q)
    items = []
    while True:
        try:
            if how == "pop_many":
                items += q.pop_many(7)
            elif how == "short timeouts":
                items.append(q.pop(0.0005))
            elif how == "try_pop":
                items.append(q.try_pop())
            else:
                items.append(q.pop())
        except Empty:
            assert how in ("short timeouts", "try_pop")
            time.sleep(0)
        except ShutDown:
            return items


@BOTH_WAYS
@pytest.mark.parametrize("maxsize", [0, 1, 10])
@pytest.mark.parametrize("how", ["pop", "iteration", "pop_many", "short timeouts", "try_pop"])
def test_everything_arrives_in_order(lock_free, maxsize, how):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=maxsize)
    running = AtomicInt64(2)

    def work(index):
        mine = q.handle() if index % 2 else q
        if index >= 2:
            return consume(mine, how)
        produce(mine, index, many=index == 1)
        if running.decr() == 0:
            q.shutdown()
        return []

    results = run_threads(4, work)
    for result in results:
        for producer in (0, 1):
            numbers = [n for index, n in result if index == producer]
            assert numbers == sorted(numbers)
    assert sorted(flat(results)) == [(index, n) for index in (0, 1) for n in range(ROUNDS)]


def test_single_consumer_sees_one_order():
    q = ConcurrentQueue()
    produced = AtomicInt64()

    def work(index):
        if index == 0:
            items = []
            while len(items) < 3 * ROUNDS:
                items += q.pop_many(50)
            return items
        for _ in range(ROUNDS):
            # Items that this thread pushes after this number was drawn have larger numbers.
            q.push((index, produced.incr()))
        return []

    items = run_threads(4, work)[0]
    for producer in (1, 2, 3):
        numbers = [n for index, n in items if index == producer]
        assert len(numbers) == ROUNDS
        assert numbers == sorted(numbers)


@BOTH_WAYS
def test_bound_is_never_exceeded(lock_free):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=3)
    # Counted after each push and before each pop: never more than there are.
    inside = AtomicInt64()
    running = AtomicInt64(3)

    def work(index):
        if index == 0:
            while True:
                inside.decr()
                try:
                    q.pop()
                except ShutDown:
                    return
        for n in range(ROUNDS // 3):
            pushed = 1
            if index == 1:
                q.push(n)
            elif index == 2:
                q.push_many([n] * 2)
                pushed = 2
            else:
                try:
                    q.push(n, 0.0001)
                except Full:
                    pushed = 0
            assert inside.fetch_add(pushed) + pushed <= 3
            assert 0 <= q.size() <= 3
        if running.decr() == 0:
            q.shutdown()

    run_threads(4, work)
    assert inside == -1
    assert q.empty()


def test_peek_among_threads():
    q = filled(range(ROUNDS))

    def work(index):
        seen = []
        while True:
            try:
                if index < 2:
                    seen.append(q.peek())
                else:
                    q.try_pop()
            except Empty:
                return seen

    for seen in run_threads(4, work)[:2]:
        assert seen == sorted(seen)


def test_one_iterator_in_many_threads():
    q = filled(range(ROUNDS))
    q.shutdown()
    iterator = iter(q)
    results = run_threads(4, lambda _: list(iterator))
    assert all(result == sorted(result) for result in results)
    assert sorted(flat(results)) == list(range(ROUNDS))


def test_ping_pong():
    there, back = ConcurrentQueue(), ConcurrentQueue()

    def echo():
        for item in there:
            back.push(item)

    task = Task(echo)
    for n in range(1000):
        there.push(n)
        assert back.pop() == n
    there.shutdown()
    task.result()


def test_many_short_lives():
    def work(_):
        for n in range(200):
            q = filled([[n]] * (n % 130))
            handle = q.handle()
            del q
            handle.push(handle)
            assert len(drained(handle)) == n % 130 + 1
        return True

    assert all(run_threads(4, work))
