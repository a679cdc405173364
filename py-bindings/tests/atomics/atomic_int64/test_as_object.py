"""AtomicInt64: handles, subclasses, weak references."""

import copy
import pickle
import weakref

import pytest
from ft_utils.concurrency import AtomicInt64
from helpers.objects import Thing, collected

from .shared import MAX, MIN


def test_handle_shares_the_value():
    atomic = AtomicInt64(1, overflow="wrap")
    handle = atomic.handle()
    assert handle is not atomic
    assert handle.incr() == atomic.get() == 2
    assert handle.handle().incr() == 3
    handle.set(MAX)
    assert atomic.incr() == MIN
    # The value is in the first object, which the handle keeps.
    reference = weakref.ref(atomic)
    del atomic
    assert not collected(reference)
    assert handle.get() == MIN
    del handle
    assert collected(reference)


def test_no_copies():
    class Counter(AtomicInt64):
        pass

    for atomic in (AtomicInt64(1), Counter(1)):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle"):
            copy.copy(atomic)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(atomic)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(atomic, protocol)


def test_attributes_are_refused():
    with pytest.raises(AttributeError):
        AtomicInt64(1).name = "x"


def test_subclass_has_its_own_arguments():
    class Named(AtomicInt64):
        def __new__(cls, name, start=0):
            return super().__new__(cls, start, overflow="wrap")

        def __init__(self, name, start=0):
            self.name = name

    named = Named("n", MAX)
    assert named.name == "n"
    assert named.incr() == MIN
    assert isinstance(named, AtomicInt64)


def test_weak_reference():
    atomic = AtomicInt64(1)
    reference = weakref.ref(atomic)
    assert reference() is atomic
    del atomic
    assert collected(reference)


def test_subclass_with_its_own_keyword():
    class Named(AtomicInt64):
        def __init__(self, value, name="none"):
            self.name = name

    class Plain(AtomicInt64):
        pass

    named = Named(3, name="three")
    assert (named.get(), named.name) == (3, "three")
    for cls in (AtomicInt64, Plain):
        with pytest.raises(TypeError, match="unexpected keyword argument 'name'"):
            cls(3, name="three")


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle_through_subclass_is_collected():
    class Counter(AtomicInt64):
        pass

    counter = Counter(1)
    counter.itself = counter
    counter.thing = Thing()
    reference = weakref.ref(counter.thing)
    del counter
    assert collected(reference)


def test_subscription():
    alias = AtomicInt64[int]
    assert alias.__origin__ is AtomicInt64
    assert alias(3).get() == 3
