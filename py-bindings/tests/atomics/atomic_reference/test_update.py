"""AtomicReference: update(), and changes within a change."""

import weakref

import pytest
from ft_utils.concurrency import AtomicReference
from helpers.objects import Thing
from helpers.threads import Task


def test_update():
    ref = AtomicReference(1)
    assert ref.update(lambda n: n + 41) == 42
    assert ref.get() == 42
    assert ref.update(lambda _: None) is None
    assert ref.get() is None


def test_failed_update_changes_nothing():
    thing = object()
    ref = AtomicReference(thing)
    for error in (ValueError, KeyboardInterrupt, StopIteration, SystemExit, GeneratorExit):

        def function(old, error=error):
            raise error

        with pytest.raises(error):
            ref.update(function)
        assert ref.get() is thing
    for not_callable in (None, 1):
        with pytest.raises(TypeError, match="not callable"):
            ref.update(not_callable)
    with pytest.raises(TypeError):
        ref.update(lambda: None)
    assert ref.get() is thing


def test_update_that_uses_the_place():
    ref, calls = AtomicReference(0), []

    def function(old):
        calls.append(old)
        if len(calls) <= 3:
            Task(ref.set, old + 10).result()
        return old + 1

    assert ref.update(function) == 31
    assert calls == [0, 10, 20, 30]
    # One that looks at the object, and stores it again.
    assert ref.update(lambda n: ref.handle().update(lambda m: m) + n) == 62
    other = AtomicReference(1)
    assert ref.update(lambda n: n + other.update(lambda m: m + ref.get())) == 125
    assert ref.update(lambda n: ref.compare_exchange(0, 1) or n + 1) == 126


OWN_CHANGES = {
    "set": lambda ref: ref.set(object()),
    "exchange": lambda ref: ref.exchange(object()),
    "compare_exchange": lambda ref: ref.compare_exchange(ref.get(), object()),
    "compare_and_swap": lambda ref: ref.compare_and_swap(ref.get(), object()),
    "compare_exchange_equal": lambda ref: ref.compare_exchange_equal(ref.get(), object()),
    "update": lambda ref: ref.update(lambda _: object()),
    "handle": lambda ref: ref.handle().set(object()),
}


@pytest.mark.parametrize("change", OWN_CHANGES.values(), ids=OWN_CHANGES.keys())
def test_function_may_not_replace_the_object(change):
    ref, calls = AtomicReference(None), []

    def function(old):
        calls.append(old)
        change(ref)
        return "new"

    with pytest.raises(RuntimeError, match="changed the AtomicReference"):
        ref.update(function)
    assert calls == [None]
    assert type(ref.get()) is object


def test_equality_that_changes_the_place_for_ever():
    asked = []

    class Mover:
        def __eq__(self, other):
            asked.append(1)
            ref.set(Mover())
            return True

        __hash__ = None

    ref = AtomicReference(Mover())
    with pytest.raises(RuntimeError, match="again and again"):
        ref.compare_exchange_equal("expected", "new")
    assert len(asked) < 1000


def test_update_may_drop_the_reference():
    ref = [AtomicReference(Thing())]
    dead = weakref.ref(ref[0])
    assert ref[0].update(lambda _: ref.clear()) is None
    assert dead() is None


def test_numbered_tuples_tell_aba():
    a, b = object(), object()
    ref = AtomicReference((a, 0))
    before = ref.get()
    for thing in (b, a):
        ref.update(lambda pair, thing=thing: (thing, pair[1] + 1))
    assert ref.get()[0] is a
    assert ref.compare_exchange(before, (b, 1)) is False
