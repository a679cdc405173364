"""BatchExecutor: load() in one thread."""

import functools
import itertools
import sys
import weakref

import pytest
from ft_utils.local import BatchExecutor
from helpers.objects import Thing
from hypothesis import given
from hypothesis import strategies as st

from .shared import Failing, counting


@pytest.mark.parametrize("size", [1, 2, 3, 64, 1000])
def test_batches_in_order(size):
    source = Failing()
    executor = BatchExecutor(source, size)
    for number in range(1, 3 * size + 1):
        assert executor.load() == number
        assert source.calls == -(-number // size) * size
        assert executor.buffered == source.calls - number


def test_results_as_they_are():
    things = [None, [], (), StopIteration, LookupError(), int, NotImplemented]
    executor = BatchExecutor(iter(things).__next__, len(things))
    assert all(executor.load() is thing for thing in things)
    assert executor.buffered == 0


def test_load_arguments():
    executor = counting(2)
    assert [executor.load(), executor.load(None), executor.load(timeout=3)] == [0, 1, 2]
    assert [executor.load(0), executor.load(1e300), executor.load(float("inf"))] == [3, 4, 5]
    for bad, error in [("1", TypeError), (-1, ValueError), (float("nan"), ValueError)]:
        with pytest.raises(error):
            executor.load(bad)
    for call in (lambda: executor.load(1, 2), lambda: executor.load(other=1)):
        with pytest.raises(TypeError):
            call()
    assert executor.load() == 6


def test_results_move_out():
    references = []

    def source():
        thing = Thing()
        references.append(weakref.ref(thing))
        return thing

    executor = BatchExecutor(source, 3)
    thing = executor.load()
    # As many as of one that was never in an executor.
    fresh = Thing()
    assert sys.getrefcount(thing) == sys.getrefcount(fresh)
    del thing
    assert [one() is None for one in references] == [True, False, False]
    executor.load(), executor.load()
    assert [one() for one in references] == [None] * 3
    executor.load()
    del executor
    assert [one() for one in references] == [None] * 6


def test_failure_loses_nothing():
    source = Failing(3, 5)
    executor = BatchExecutor(source, 4)
    with pytest.raises(LookupError, match="3"):
        executor.load()
    assert executor.buffered == 2
    assert [executor.load(), executor.load()] == [1, 2]
    with pytest.raises(LookupError, match="5"):
        executor.load()
    assert executor.load() == 4
    # Whole batches again.
    assert executor.load() == 6
    assert executor.buffered == 3
    assert source.calls == 9


@pytest.mark.parametrize("error", [KeyboardInterrupt, RecursionError, SystemExit, StopIteration])
def test_any_exception_passes_through(error):
    answers = iter([1, error("me"), 2, 3, 4])

    def source():
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    executor = BatchExecutor(source, 3)
    with pytest.raises(error, match="me"):
        executor.load()
    assert [executor.load() for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(StopIteration):
        executor.load()


def test_source_that_takes_arguments():
    executor = BatchExecutor(lambda needed: needed, 2)
    for _ in range(2):
        with pytest.raises(TypeError, match="needed"):
            executor.load()


def test_reentrant_load_fails():
    class Source:
        executor = None
        depth = 0
        errors = 0

        def __call__(self):
            self.depth += 1
            for call in (
                self.executor.load,
                self.executor.handle().load,
                iter(self.executor).__next__,
            ):
                with pytest.raises(RuntimeError, match="by the source"):
                    call()
                with pytest.raises(RuntimeError):
                    self.executor.load(timeout=0)
            assert self.executor.buffered == 0
            self.executor.source, self.executor.size, repr(self.executor)
            return self.depth

    source = Source()
    source.executor = executor = BatchExecutor(source, 3)
    assert [executor.load() for _ in range(7)] == list(range(1, 8))

    recursive = BatchExecutor(lambda: recursive.load(), 2)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="by the source"):
            recursive.load()
    nested = BatchExecutor(counting(3).load, 2)
    assert [nested.load() for _ in range(7)] == list(range(7))


def test_death_in_the_source():
    """An object that dies while a source runs may load from other executors."""
    heard = []
    executor = counting(2)

    def source():
        Thing(lambda: heard.append(executor.load()))
        return 0

    BatchExecutor(source, 2).load()
    assert heard == [0, 1]


def test_death_of_a_result():
    """A result that dies takes the next one, and so on, over two batches."""
    mourners = iter(range(6))
    last_will = []

    def source():
        return Thing(lambda: [will() for will in last_will if next(mourners, None) is not None])

    executor = BatchExecutor(source, 3)
    last_will.append(executor.load)
    executor.load()
    assert next(mourners, None) is None
    assert executor.buffered == 2
    last_will.clear()


@given(
    size=st.integers(1, 6),
    failures=st.lists(st.booleans(), min_size=1, max_size=20),
    loads=st.integers(0, 40),
)
def test_like_a_list(size, failures, loads):
    def fallible():
        for number, fails in enumerate(itertools.cycle(failures)):
            yield LookupError(number) if fails else number

    def source(answers):
        answer = next(answers)
        if isinstance(answer, LookupError):
            raise answer
        return answer

    def load(model, answers):
        if not model:
            for _ in range(size):
                model.append(source(answers))
        return model.pop(0)

    executor = BatchExecutor(functools.partial(source, fallible()), size)
    model, answers = [], fallible()
    for _ in range(loads):
        outcomes = []
        for call in (executor.load, lambda: load(model, answers)):
            try:
                outcomes.append(call())
            except LookupError as error:
                outcomes.append(error.args)
        assert outcomes[0] == outcomes[1]
        assert executor.buffered == len(model)
