"""ConcurrentGatheringIterator: text, handles, subclasses and wrappers."""

import copy
import gc
import inspect
import pickle
import types

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator
from ft_utils.local import LocalWrapper

from .shared import Mine, filled


def test_iterator_local():
    values = [[1], None, "c"]
    g = filled(values)
    iterator = g.iterator_local(2, clear=False)
    wrapped = list(iterator)
    assert all(type(one) is LocalWrapper for one in wrapped)
    assert all(one.wrapped is value for one, value in zip(wrapped, values, strict=True))
    assert list(g.iterator_local(2)) == values
    assert g.size() == 0
    with pytest.raises(TimeoutError):
        next(g.iterator_local(0, timeout=0))


def test_through_a_wrapper():
    g = LocalWrapper(ConcurrentGatheringIterator())
    g.insert(0, "a")
    assert list(g.iterator(0)) == ["a"]


def test_not_a_container():
    g = filled("a")
    for call in (
        lambda: iter(g),
        lambda: len(g),
        lambda: next(g),
        lambda: 0 in g,
        lambda: g[0],
        lambda: g < g,
    ):
        with pytest.raises(TypeError):
            call()
    assert g
    assert g == g
    assert g != ConcurrentGatheringIterator()
    assert {g: 1}[g] == 1


def test_repr():
    g = filled("ab")
    assert repr(g) == str(g) == "<ConcurrentGatheringIterator with 2 values>"
    g.insert(2, g)
    g.fail(LookupError())
    assert repr(g) == "<ConcurrentGatheringIterator with 3 values, failed>"
    g.clear_failure()
    g.close()
    assert repr(g) == "<ConcurrentGatheringIterator with 3 values, closed>"
    assert repr(Mine()) == "<Mine with 0 values>"
    list(g.iterator(2))


def test_handle():
    g = ConcurrentGatheringIterator(window=3)
    handle = g.handle()
    handle.insert(0, "a")
    g.insert(1, "b")
    other = handle.handle()
    iterator = handle.iterator(9)
    del g, handle
    gc.collect()
    assert other.window == 3
    assert next(iterator) == "a"
    other.close()
    assert other.closed
    assert list(iterator) == ["b"]


def test_subclass_has_its_own_arguments():
    class Named(ConcurrentGatheringIterator):
        def __init__(self, name, *, start=()):
            super().__init__(window=5)
            self.name = name
            for key, value in enumerate(start):
                self.insert(key, value)

    g = Named("n", start="ab")
    assert g.name == "n"
    assert g.window == 5
    assert list(g.iterator(1)) == ["a", "b"]


def test_subclass_that_forgets():
    class Forgets(ConcurrentGatheringIterator):
        def __init__(self):
            pass

    g = Forgets()
    assert repr(g) == "<Forgets, not initialized>"
    for call in (
        lambda: g.insert(1, 1),
        lambda: g.insert([], 1),
        lambda: g.iterator(1),
        lambda: g.iterator_local(1),
        lambda: g.fail(LookupError()),
        g.close,
        g.clear_failure,
        g.size,
        g.handle,
        lambda: g.window,
        lambda: g.closed,
        lambda: g.failure,
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    gc.collect()


def test_second_init_changes_nothing():
    g = filled("ab", window=3)
    g.__init__()
    assert g.window == 3
    assert list(g.iterator(1)) == ["a", "b"]


def test_open_for_attributes():
    g = ConcurrentGatheringIterator()
    g.note = 3
    assert vars(g) == {"note": 3}


@pytest.mark.thread_unsafe(reason="changes the class")
def test_aliases_on_the_class():
    ConcurrentGatheringIterator.put = ConcurrentGatheringIterator.insert
    try:
        g = ConcurrentGatheringIterator()
        g.put(0, 1)
        assert list(g.iterator(0)) == [1]
    finally:
        del ConcurrentGatheringIterator.put


def test_subscription():
    alias = ConcurrentGatheringIterator[int]
    assert isinstance(alias, types.GenericAlias)
    assert alias.__args__ == (int,)
    assert alias(4, window=1).window == 1


def test_no_copies():
    for g in (ConcurrentGatheringIterator(), Mine()):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle\(\)"):
            copy.copy(g)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(g)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(g, protocol)
        for call in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError):
                call(g.iterator(1))


def test_class_is_found_and_documented():
    kind = ConcurrentGatheringIterator
    assert kind.__module__ == "ft_utils.concurrency"
    assert pickle.loads(pickle.dumps(kind)) is kind
    reader = type(kind().iterator(0))
    with pytest.raises(TypeError):
        reader()
    for one in (kind, reader):
        assert inspect.getdoc(one)
        for name, member in vars(one).items():
            if not name.startswith("_"):
                assert member.__doc__, name
    for name, text in [
        ("insert", "(self, /, key, value, timeout=None)"),
        ("iterator", "(self, /, max_key, clear=True, timeout=None)"),
        ("iterator_local", "(self, /, max_key, clear=True, timeout=None)"),
        ("fail", "(self, /, exception)"),
        ("close", "(self, /)"),
        ("size", "(self, /)"),
        ("handle", "(self, /)"),
        ("clear_failure", "(self, /)"),
    ]:
        assert str(inspect.signature(getattr(kind, name))) == text
    assert str(inspect.signature(kind)) == "(scaling=None, *, window=None, shared=False)"
