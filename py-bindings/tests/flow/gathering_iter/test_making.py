"""ConcurrentGatheringIterator: the arguments of its constructor."""

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentGatheringIterator


@pytest.mark.parametrize("scaling", [None, 0, -1, 1, 3, 10**6, True, AtomicInt64(3)])
def test_scaling_is_accepted(scaling):
    for g in (ConcurrentGatheringIterator(scaling), ConcurrentGatheringIterator(scaling=scaling)):
        for key in reversed(range(50)):
            g.insert(key, -key)
        assert list(g.iterator(49)) == [-key for key in range(50)]


def test_constructor_forms():
    assert ConcurrentGatheringIterator().window is None
    assert ConcurrentGatheringIterator(4, window=AtomicInt64(3)).window == 3
    for args, kwargs in [
        (("4",), {}),
        ((1.5,), {}),
        ((1, 2), {}),
        ((), {"foo": 1}),
        ((), {"window": "3"}),
        ((), {"window": 1.0}),
    ]:
        with pytest.raises(TypeError):
            ConcurrentGatheringIterator(*args, **kwargs)
    for window in (0, -1):
        with pytest.raises(ValueError, match="window must be positive or None, not"):
            ConcurrentGatheringIterator(window=window)
    with pytest.raises(OverflowError):
        ConcurrentGatheringIterator(window=2**64)
