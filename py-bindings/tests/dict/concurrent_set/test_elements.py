"""ConcurrentSet: elements that run code, and when they die."""

import contextlib
import gc
import sys
import weakref

import pytest
from ft_utils.concurrency import ConcurrentSet
from helpers.objects import Thing, collected

CALLS = {
    "add": lambda s, x: s.add(x),
    "discard": lambda s, x: s.discard(x),
    "remove": lambda s, x: s.remove(x),
    "in": lambda s, x: x in s,
    "update": lambda s, x: s.update([x]),
    "|=": lambda s, x: s.__ior__({x}),
    "-=": lambda s, x: s.__isub__({x}),
    "^=": lambda s, x: s.__ixor__({x}),
    "&=": lambda s, x: s.__iand__({x, 5}),
    "==": lambda s, x: s == {x},
    "union": lambda s, x: s.union([x]),
}
calls = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


class Element:
    """An element that Python code hashes and compares."""

    def __init__(self, name, on_eq=lambda: None):
        self.name, self.on_eq = name, on_eq

    def __hash__(self):
        return 7

    def __eq__(self, other):
        self.on_eq()
        return isinstance(other, Element) and self.name == other.name


def failing():
    raise LookupError


@calls
def test_equality_may_raise(call):
    s = ConcurrentSet([Element("a", failing)])
    with pytest.raises(LookupError):
        call(s, Element("b", failing))
    assert len(s) == 1


@calls
def test_equality_may_change_the_set(call):
    s = ConcurrentSet()

    def change():
        s.update(map(str, range(20)))
        s.discard(stored)

    stored = Element("a", change)
    s.add(stored)
    with contextlib.suppress(KeyError):
        call(s, Element("a", change))
    assert "3" in s


def test_hash_may_raise():
    class Odd:
        def __hash__(self):
            raise LookupError

    s = ConcurrentSet([1])
    for call in (s.add, s.discard, s.remove, s.__contains__):
        with pytest.raises(LookupError):
            call(Odd())


REMOVALS = {
    "discard": lambda s, x: s.discard(x),
    "remove": lambda s, x: s.remove(x),
    "pop": lambda s, x: s.pop() and None,
    "clear": lambda s, x: s.clear(),
    "-=": lambda s, x: s.__isub__({x}) and None,
    "&=": lambda s, x: s.__iand__(set()) and None,
    "^=": lambda s, x: s.__ixor__({x}) and None,
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_elements_die_promptly(remove):
    sizes = []

    def at_death():
        s.update(range(50))
        sizes.append(len(s))
        s.clear()

    s = ConcurrentSet([(1, Thing(at_death))])
    (element,) = s
    reference = weakref.ref(element[1])
    remove(s, element)
    assert not sizes
    del element
    assert reference() is None
    assert sizes == [50]


def test_unused_elements_die_promptly():
    s, new = ConcurrentSet([Element("a")]), Element("a")
    reference = weakref.ref(new)
    for call in (s.add, s.__contains__, lambda x: s.update([x]), lambda x: s.isdisjoint([x])):
        call(new)
    del new
    assert reference() is None


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    one, other = Element("one"), Element("other")

    def work():
        s = ConcurrentSet([one, other])
        s.add(one), s.discard(other), s.discard(other), s.update([other], {one})
        s | {one}, s & {one}, s - {one}, s ^ {one}, {one} | s, s == {one, other}, list(s)
        s.handle().remove(one), s.copy(), s.pop()
        s ^= {one, other}
        s &= {one}
        s -= {one}

    work()
    gc.collect()
    before = [sys.getrefcount(each) for each in (one, other)]
    for _ in range(100):
        work()
    gc.collect()
    assert [sys.getrefcount(each) for each in (one, other)] == before


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycles_are_collected():
    s, thing = ConcurrentSet(), Thing()
    thing.held = [s, s.handle(), iter(s)]
    s.add(thing)
    next(iter(s.handle()))
    reference = weakref.ref(thing)
    del thing
    del s
    assert collected(reference)


def test_text_inside_itself():
    class Mine(ConcurrentSet):
        __hash__ = object.__hash__

    s = Mine()
    s.add(s)
    assert repr(s) == "Mine({Mine(...)})"


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handles_survive_their_owner():
    thing = Thing()
    s, reference = ConcurrentSet([thing]), weakref.ref(thing)
    handle = s.handle()
    del s, thing
    gc.collect()
    assert reference() in handle and len(handle) == 1
    handle.handle().clear()
    assert reference() is None
