"""BatchExecutor: iteration over the results."""

import itertools

import pytest
from ft_utils.local import BatchExecutor

from .shared import Failing, counting


def test_iteration_goes_on():
    executor = counting(4)
    assert list(itertools.islice(executor, 10)) == list(range(10))
    iterator = iter(executor)
    assert iter(iterator) is iterator
    assert next(iterator) == 10
    assert executor.load() == 11


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 12])
def test_iteration_ends_with_the_source(count):
    executor = BatchExecutor(iter(range(count)).__next__, 4)
    iterator = iter(executor)
    assert list(iterator) == list(range(count))
    assert list(iterator) == []
    with pytest.raises(StopIteration):
        executor.load()


def test_iteration_raises():
    executor = BatchExecutor(Failing(2), 3)
    iterator = iter(executor)
    with pytest.raises(LookupError):
        next(iterator)
    assert list(itertools.islice(iterator, 4)) == [1, 3, 4, 5]
