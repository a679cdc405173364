"""parallel_reduce()."""

import gc
import operator
import random
import weakref
from functools import reduce

import pytest
from ft_utils import parallel_reduce
from helpers.objects import Thing
from helpers.threads import Task, wait_until

from .shared import Immediate, Manual


@pytest.mark.parametrize("n_threads", [1, 2, 5, None])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 3000])
def test_order_is_kept(n, n_threads):
    texts = [f"{number} " for number in range(n)]
    for size in (None, 1, 3, 10**6):
        result = parallel_reduce(operator.add, iter(texts), n_threads=n_threads, chunk_size=size)
        assert result == "".join(texts)


@pytest.mark.parametrize("seed", range(20))
def test_workers_that_end_in_any_order(seed):
    """Whatever the order in which chunks land, that of the items is kept, and each call made."""
    rng, executor, calls = random.Random(seed), Manual(), []
    n = rng.randrange(2, 60)

    def join(one, two):
        calls.append(1)
        return (*one, *two)

    task = Task(
        lambda: parallel_reduce(
            join,
            [(number,) for number in range(n)],
            executor=executor,
            n_threads=2,
            chunk_size=rng.choice([2, 3, 5]),
        )
    )
    done = set()
    while not task.is_done():
        ready = [index for index in range(len(executor.calls)) if index not in done]
        if ready:
            index = rng.choice(ready)
            done.add(index)
            executor.run(index)
    assert task.result() == tuple(range(n))
    assert len(calls) == n - 1


def test_dear_calls_are_made_by_the_workers():
    """With two items a chunk, the thread that waits makes no call at all."""
    executor = Manual()
    task = Task(lambda: parallel_reduce(operator.add, range(16), executor=executor, chunk_size=2))
    index = 0
    while not task.is_done():
        if index < len(executor.calls):
            executor.run(index)
            index += 1
    assert task.result() == sum(range(16))
    # A tree over eight chunks.
    assert len(executor.calls) == 8 + 7


def test_initial_value_stands_first():
    assert parallel_reduce(operator.add, "bc", "a") == "abc"
    assert parallel_reduce(operator.add, "", "a") == "a"
    assert parallel_reduce(operator.add, ["a"]) == "a"
    assert parallel_reduce(max, [], None) is None
    one = object()
    assert parallel_reduce(max, [one]) is one


def test_no_items_and_no_initial_value():
    with pytest.raises(TypeError, match="no items with no initial value"):
        parallel_reduce(max, [])


def test_infinitely_many_chunks_are_not_drawn():
    drawn = []

    def items():
        for number in range(1000):
            drawn.append(number)
            yield number

    executor = Manual()
    task = Task(
        lambda: parallel_reduce(operator.add, items(), executor=executor, n_threads=1, chunk_size=2)
    )
    wait_until(lambda: len(executor.calls) == 4)
    task.until_asleep()
    assert len(drawn) == 8
    index = 0
    while not task.is_done():
        if index < len(executor.calls):
            executor.run(index)
            index += 1
    assert task.result() == sum(range(1000))


def test_progress_counts_items():
    progress = []
    parallel_reduce(
        operator.add, range(100), executor=Immediate(), chunk_size=2, progress=progress.append
    )
    assert progress == list(range(2, 101, 2))


@pytest.mark.parametrize("n_threads", [1, 3])
def test_error(n_threads):
    def add(one, two):
        if two == 50:
            raise LookupError
        return one + two

    with pytest.raises(LookupError):
        parallel_reduce(add, [1] * 200 + [50] * 10, n_threads=n_threads)


@pytest.mark.thread_unsafe(reason="switches the collector off")
def test_results_of_a_loop_that_fails_are_in_no_cycle():
    things = []

    def join(one, two):
        if two == 7:
            raise LookupError
        things.append(weakref.ref(thing := Thing()))
        return thing

    gc.collect()
    gc.disable()
    try:
        with pytest.raises(LookupError):
            parallel_reduce(join, range(10), executor=Immediate(), n_threads=1, chunk_size=2)
        assert things
        assert [thing() for thing in things] == [None] * len(things)
    finally:
        gc.enable()


def test_is_that_of_functools():
    sets = [frozenset({n, n + 1}) for n in range(500)]
    assert parallel_reduce(operator.or_, sets, n_threads=3) == reduce(operator.or_, sets)
