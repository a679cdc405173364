"""LocalWrapper, attacked: a wrapper of a shared object uses a handle."""

import weakref

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict, ConcurrentQueue
from ft_utils.local import LocalWrapper
from helpers.objects import collected

from .shared import outcome


@pytest.mark.parametrize("make", [AtomicInt64, ConcurrentDict, ConcurrentQueue])
def test_wrapper_of_ours_is_the_object(make):
    obj = make()
    wrapper = LocalWrapper(obj)
    assert wrapper.wrapped is obj
    assert outcome(hash, wrapper) == outcome(hash, obj)
    assert wrapper == obj == LocalWrapper(obj)
    assert repr(wrapper) == f"<LocalWrapper: {obj!r}>"
    assert wrapper.__self__ if hasattr(obj, "__self__") else not hasattr(wrapper, "__self__")
    for name in dir(obj):
        assert hasattr(wrapper, name)
    reference = weakref.ref(obj)
    del obj
    assert reference() is not None
    del wrapper
    assert collected(reference)


def test_subclass_of_ours_is_itself():
    class Counter(AtomicInt64):
        def incr(self):
            return self, super().incr()

    counter = Counter()
    counter.name = "name"
    wrapper = LocalWrapper(counter)
    assert wrapper.incr() == (counter, 1)
    assert wrapper.incr()[0] is counter
    assert wrapper.name == "name"
    assert wrapper.get() == 2
    wrapper += 1
    assert wrapper.wrapped is counter
    assert counter.get() == 3


def test_ours_in_place():
    counter = AtomicInt64(5)
    wrapper = alias = LocalWrapper(counter)
    wrapper += 1
    wrapper *= LocalWrapper(2)
    wrapper **= 2
    assert wrapper is alias
    assert wrapper.wrapped is counter
    assert counter.get() == wrapper.get() == 144
    with pytest.raises(TypeError, match="//="):
        wrapper /= 4
    assert wrapper.wrapped is counter
    assert counter.get() == 144


def test_queue_that_was_not_initialized():
    wrapper = LocalWrapper(ConcurrentQueue.__new__(ConcurrentQueue))
    with pytest.raises(RuntimeError):
        wrapper.size()
    wrapper.__init__(maxsize=3)
    wrapper.wrapped.__init__(maxsize=3)
    assert wrapper.maxsize == 3


def test_queue_that_holds_its_wrapper():
    q = ConcurrentQueue()
    wrapper = LocalWrapper(q)
    wrapper.push(wrapper)
    reference = weakref.ref(q)
    del q, wrapper
    assert collected(reference)
