"""LocalWrapper: around the shared classes, in many threads."""

import operator
import threading
from collections.abc import Callable
from typing import Any

from ft_utils.concurrency import AtomicInt64, ConcurrentDict, ConcurrentQueue
from ft_utils.local import LocalWrapper


def test_around_the_shared_classes() -> None:
    counter = LocalWrapper(AtomicInt64(5))
    assert counter.incr() == 6
    assert (int(counter), f"{counter}", counter == 6) == (6, "6", True)
    assert operator.gt(7, counter)
    assert counter // 4 == 1
    counter += 1
    assert type(counter.wrapped) is AtomicInt64
    table = LocalWrapper(ConcurrentDict[Any, Any](4))
    table["a"] = 1
    assert table["a"] == len(table) == 1
    assert "a" in table
    assert "b" not in table
    del table["a"]
    assert not table
    queue = LocalWrapper(ConcurrentQueue[Any](4))
    item = [1]
    queue.push(item)
    popped = queue.pop_local()
    assert type(popped) is LocalWrapper
    assert popped.wrapped is item
    assert queue.wrapped.__class__ is ConcurrentQueue


THREADS = 4
ROUNDS = 2000


def run(work: Callable[[], None]) -> None:
    """Runs it in all threads at once, and raises what it raised."""
    barrier = threading.Barrier(THREADS)
    errors: list[BaseException] = []

    def target() -> None:
        try:
            barrier.wait()
            work()
        except BaseException as err:
            errors.append(err)

    threads = [threading.Thread(target=target) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_wrapper_per_thread() -> None:
    counter = AtomicInt64()
    table = ConcurrentDict[int, int]()

    def work() -> None:
        local_counter, local_table = LocalWrapper(counter), LocalWrapper(table)
        for _ in range(ROUNDS):
            local_table[local_counter.incr()] = 1

    run(work)
    assert counter == len(table) == THREADS * ROUNDS
    assert LocalWrapper(table)[ROUNDS] == 1


def test_a_shared_wrapper_is_never_torn() -> None:
    wrapper: LocalWrapper[Any] = LocalWrapper(10**30)

    def work() -> None:
        mine = wrapper
        for _ in range(ROUNDS):
            mine += 1
            assert type(mine.wrapped) is int
            assert mine > 10**30
            assert repr(mine).startswith("<LocalWrapper: 1")

    run(work)
    assert 10**30 < wrapper.wrapped <= 10**30 + THREADS * ROUNDS


def test_wrappers_from_a_queue() -> None:
    queue = ConcurrentQueue[Any]()
    total = AtomicInt64()
    for i in range(THREADS * ROUNDS):
        queue.push(i)

    def work() -> None:
        for _ in range(ROUNDS):
            total.fetch_add(operator.index(queue.pop_local()))

    run(work)
    assert total == sum(range(THREADS * ROUNDS))
