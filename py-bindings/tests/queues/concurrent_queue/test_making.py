"""ConcurrentQueue: the arguments of its constructor."""

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentQueue


@pytest.mark.parametrize("scaling", [None, 0, -1, 1, 64, True, AtomicInt64(3)])
def test_scaling_is_accepted(scaling):
    for q in (ConcurrentQueue(scaling), ConcurrentQueue(scaling=scaling)):
        q.push(1)
        assert q.pop() == 1


def test_constructor_forms():
    class Bad:
        def __bool__(self):
            raise LookupError

    for q in (
        ConcurrentQueue(4, True),
        ConcurrentQueue(4, lock_free="yes"),
        ConcurrentQueue(lock_free=None, scaling=2),
        ConcurrentQueue(maxsize=3),
    ):
        q.push(1)
        assert q.pop() == 1
    for args, kwargs in [
        (("4",), {}),
        ((1.5,), {}),
        ((1, True, 3), {}),
        ((), {"foo": 1}),
        ((), {"maxsize": None}),
        ((), {"maxsize": 1.0}),
    ]:
        with pytest.raises(TypeError):
            ConcurrentQueue(*args, **kwargs)
    with pytest.raises(LookupError):
        ConcurrentQueue(lock_free=Bad())
    with pytest.raises(OverflowError):
        ConcurrentQueue(maxsize=2**64)
