"""ConcurrentDeque: the arguments of its constructor."""

import inspect
import sys

import pytest
from ft_utils.concurrency import ConcurrentDeque


def test_constructor_forms():
    for made in (
        ConcurrentDeque([1, 2, 3]),
        ConcurrentDeque(iterable=[1, 2, 3]),
        ConcurrentDeque((1, 2, 3), None),
        ConcurrentDeque(range(1, 4), 3),
        ConcurrentDeque(iter([0, 1, 2, 3]), maxlen=3),
        ConcurrentDeque[int]([1, 2, 3]),
        ConcurrentDeque(ConcurrentDeque([1, 2, 3])),
        ConcurrentDeque({1: 0, 2: 0, 3: 0}),
    ):
        assert type(made) is ConcurrentDeque
        assert list(made) == [1, 2, 3]
    assert list(ConcurrentDeque()) == list(ConcurrentDeque(maxlen=5)) == []
    assert str(inspect.signature(ConcurrentDeque)) == "(iterable=(), maxlen=None, *, shared=False)"


def test_bad_constructor_arguments():
    for bad in (None, 5, object()):
        with pytest.raises(TypeError):
            ConcurrentDeque(bad)
    for call in (
        lambda: ConcurrentDeque([], 1, 2),
        lambda: ConcurrentDeque(foo=1),
        lambda: ConcurrentDeque([], "3"),
        lambda: ConcurrentDeque([], 2.0),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="maxlen must be non-negative"):
        ConcurrentDeque(maxlen=-1)
    with pytest.raises(OverflowError):
        ConcurrentDeque(maxlen=2**64)
    assert ConcurrentDeque(maxlen=sys.maxsize).maxlen == sys.maxsize


def test_error_of_the_iterable_comes_through():
    def fails():
        yield 1
        raise LookupError

    with pytest.raises(LookupError):
        ConcurrentDeque(fails())


def test_second_init_appends():
    d = ConcurrentDeque([1, 2], 3)
    d.__init__([3, 4], maxlen=100)
    assert list(d) == [2, 3, 4]
    assert d.maxlen == 3
    d.__init__()
    assert list(d) == [2, 3, 4]


def test_subclass_has_its_own_arguments():
    class Named(ConcurrentDeque):
        def __init__(self, name, *items, size=None):
            super().__init__(items, size)
            self.name = name

    named = Named("x", 1, 2, 3, size=2)
    assert (named.name, list(named), named.maxlen) == ("x", [2, 3], 2)


def test_subclass_that_forgets():
    class Forgets(ConcurrentDeque):
        def __init__(self, _anything):
            pass

    d = Forgets(5)
    d.append(1)
    assert (d.pop(), len(d), d.maxlen, repr(d)) == (1, 0, None, "Forgets([])")
    assert not list(Forgets(0))
    Forgets(0).__init__(1)
