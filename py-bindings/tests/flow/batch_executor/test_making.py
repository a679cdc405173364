"""BatchExecutor: the arguments of its constructor."""

import inspect
import itertools
import pickle

import ft_utils
import ft_utils.local
import pytest
from ft_utils.concurrency import AtomicInt64
from ft_utils.local import BatchExecutor
from helpers.objects import without_address

from .shared import Failing, counting


def test_exports():
    assert ft_utils.BatchExecutor is ft_utils.local.BatchExecutor is BatchExecutor
    assert "BatchExecutor" in ft_utils.__all__
    assert BatchExecutor.__name__ == BatchExecutor.__qualname__ == "BatchExecutor"
    assert BatchExecutor.__module__ == "ft_utils.local"
    assert pickle.loads(pickle.dumps(BatchExecutor)) is BatchExecutor
    for name, member in vars(BatchExecutor).items():
        assert name.startswith("_") or member.__doc__, name
    with pytest.raises(TypeError):
        type(iter(counting(1)))()


def test_signatures():
    assert str(inspect.signature(BatchExecutor)) == "(source, size, *, shared=False)"
    assert str(inspect.signature(BatchExecutor.load)) == "(self, /, timeout=None)"
    for name in ("as_local", "handle"):
        assert str(inspect.signature(getattr(BatchExecutor, name))) == "(self, /)"


@pytest.mark.parametrize("size", [1, 2, 7, True, AtomicInt64(3)])
def test_constructor_forms(size):
    source = itertools.count().__next__
    for executor in (
        BatchExecutor(source, size),
        BatchExecutor(source, size=size),
        BatchExecutor(size=size, source=source),
    ):
        assert executor.source is source
        assert executor.size == int(size)
        assert executor.buffered == 0
    # The source has not been called yet.
    assert executor.load() == 0


HUGE = [2**60, 2**62, 2**62 + 1, 2**63 - 1, 2**50, 2**47]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), TypeError),
        ((int,), TypeError),
        ((int, 1, 2), TypeError),
        ((5, 1), TypeError),
        ((None, 1), TypeError),
        ((int, "5"), TypeError),
        ((int, 5.0), TypeError),
        ((int, None), TypeError),
        ((int, 0), ValueError),
        ((int, -1), ValueError),
        ((int, False), ValueError),
        ((int, 2**63), OverflowError),
        ((int, -(2**63) - 1), OverflowError),
        ((int, 10**30), OverflowError),
        *[((int, size), MemoryError) for size in HUGE],
        # The source is looked at first.
        ((5, 0), TypeError),
        ((5, 2**63), TypeError),
        (("no", 2**62), TypeError),
    ],
    ids=without_address,
)
def test_bad_arguments(args, error):
    with pytest.raises(error) as caught:
        BatchExecutor(*args)
    assert caught.type is error


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="source must be callable, not <class 'int'>"):
        BatchExecutor(5, "x")
    with pytest.raises(ValueError, match="size must be positive, not -3"):
        BatchExecutor(int, -3)
    with pytest.raises(TypeError, match="extra"):
        BatchExecutor(int, 3, extra=1)
    with pytest.raises(TypeError):
        BatchExecutor(int, 3, size=3)


def test_errors_of_the_size_pass_through():
    class Odd:
        def __index__(self):
            raise LookupError

    with pytest.raises(LookupError):
        BatchExecutor(int, Odd())


def test_large_batches_cost_nothing_yet():
    executors = [BatchExecutor(Failing(1), 2**22) for _ in range(20)]
    for executor in executors:
        with pytest.raises(LookupError):
            executor.load()
