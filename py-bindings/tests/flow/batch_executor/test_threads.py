"""BatchExecutor: many threads that share a buffer."""

import functools
import gc
import itertools
import random
import time

import pytest
from ft_utils.concurrency import AtomicInt64
from ft_utils.local import BatchExecutor
from helpers.threads import Task, flat, run_threads

from .shared import ROUNDS, Gate, counting


@pytest.mark.parametrize("size", [1, 2, 3, 16, 1024])
def test_each_result_once(size):
    executor = counting(size)

    def work(index):
        mine = executor.handle() if index % 2 else executor
        return [mine.load() for _ in range(ROUNDS)]

    results = run_threads(4, work)
    assert all(result == sorted(result) for result in results)
    total = 4 * ROUNDS
    produced = -(-total // size) * size
    rest = [executor.load() for _ in range(executor.buffered)]
    assert sorted(flat(results) + rest) == list(range(produced))


def test_source_that_blocks_runs_alone():
    inside, calls = AtomicInt64(), itertools.count()

    def source():
        assert inside.incr() == 1
        time.sleep(0.0001)
        assert inside.decr() == 0
        return next(calls)

    executor = BatchExecutor(source, 10)
    results = run_threads(6, lambda _: [executor.load() for _ in range(100)])
    assert sorted(flat(results)) == list(range(600))
    assert executor.buffered == 0
    assert next(calls) == 600


@pytest.mark.parametrize("size", [1, 2, 5])
def test_failures_among_threads(size):
    calls, failed, made = AtomicInt64(), AtomicInt64(), AtomicInt64()

    def source():
        number = calls.incr()
        if number % 50 == 0:
            time.sleep(0)
        if number % 7 == 0:
            failed.incr()
            raise LookupError
        return made.incr()

    executor = BatchExecutor(source, size)

    def work(_):
        results, errors = [], 0
        for _ in range(ROUNDS // 3):
            try:
                results.append(executor.load())
            except LookupError:
                errors += 1
        return results, errors

    outcomes = run_threads(4, work)
    rest = [executor.load() for _ in range(executor.buffered)]
    assert sum(errors for _, errors in outcomes) == failed
    found = sorted(flat([results for results, _ in outcomes]) + rest)
    assert found == list(range(1, made.get() + 1))


def test_waiters_get_the_rest():
    gate = Gate()
    executor = BatchExecutor(gate, 4)
    filler = Task(executor.load)
    gate.wait()
    waiters = [Task(executor.handle().load).until_asleep() for _ in range(3)]
    gate.open(4)
    assert filler.result() == 0
    assert sorted(waiter.result() for waiter in waiters) == [1, 2, 3]
    assert executor.buffered == 0


def test_waiter_fills_next():
    gate = Gate([LookupError("first"), LookupError("second"), "a", "b"])
    executor = BatchExecutor(gate, 2)
    tasks = [Task(executor.load)]
    gate.wait()
    tasks += [Task(executor.load, 1000).until_asleep() for _ in range(3)]
    gate.open(10)
    outcomes = []
    for task in tasks:
        try:
            outcomes.append(task.result())
        except LookupError as error:
            outcomes.append(str(error))
    assert outcomes[0] == "first"
    assert sorted(outcomes) == ["a", "b", "first", "second"]


def test_timeout_of_a_waiter():
    gate = Gate()
    executor = BatchExecutor(gate, 2)
    filler = Task(executor.load)
    gate.wait()
    for timeout in (0, 0.001, 0.06):
        start = time.monotonic()
        with pytest.raises(TimeoutError, match="another thread"):
            executor.load(timeout)
        assert time.monotonic() - start >= timeout - 0.0005
    waiter = Task(executor.load, 0.01)
    with pytest.raises(TimeoutError):
        waiter.result()
    gate.open(2)
    assert filler.result() == 0
    # The timeout is about waiting for others, not about the source.
    assert executor.load(0) == 1
    gate.open(2)
    assert executor.load(0) == 2


def test_source_may_use_threads():
    """A thread that the source waits for cannot be served, but it can time out."""

    def source():
        with pytest.raises(TimeoutError):
            Task(executor.load, 0.01).result()
        return 5

    executor = BatchExecutor(source, 2)
    assert executor.load() == 5


def test_source_in_c_lets_others_run():
    """Filling with a source that is not Python code holds up neither the collector nor others."""
    executor = BatchExecutor(functools.partial(random.getrandbits, 8), 300_000)
    filler = Task(executor.load)
    while executor.buffered == 0 and not filler.is_done():
        gc.collect()
    filler.result()
    assert executor.buffered == 300_000 - 1
