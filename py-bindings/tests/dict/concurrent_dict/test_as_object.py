"""ConcurrentDict: handles, subclasses, copies."""

import copy
import gc
import pickle
import weakref

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.objects import Thing, collected

from .shared import Mine


def test_handle_shares_content():
    d = ConcurrentDict(dictionary={"a": 1})
    handle = d.handle()
    handle["b"] = 2
    assert d["b"] == 2
    assert handle == d
    other = handle.handle()
    del d, handle
    gc.collect()
    assert other == {"a": 1, "b": 2}
    other.clear()
    assert not other


def test_handle_of_subclass():
    mine = Mine(dictionary={1: 1})
    mine.name = "n"
    handle = mine.handle()
    assert isinstance(handle, ConcurrentDict)
    handle[2] = 2
    assert len(mine) == 2


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handles_survive_their_owner():
    d = ConcurrentDict()
    d["thing"] = Thing()
    d["me"] = d
    reference = weakref.ref(d["thing"])
    handle = d.handle()
    del d
    gc.collect()
    assert reference() is not None
    assert isinstance(handle["thing"], Thing)
    del handle
    assert collected(reference)


def test_weak_reference():
    d = ConcurrentDict()
    reference = weakref.ref(d)
    assert reference() is d
    del d
    assert reference() is None


def test_subscription():
    alias = ConcurrentDict[int, str]
    assert alias.__origin__ is ConcurrentDict
    assert alias.__args__ == (int, str)
    assert alias(4, {1: "a"}) == {1: "a"}


def test_no_copies():
    for d in (ConcurrentDict(), Mine()):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*copy\(\)"):
            copy.copy(d)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(d)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(d, protocol)
    for call in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError):
            call(iter(ConcurrentDict()))


def test_subclass():
    class Default(ConcurrentDict):
        def __init__(self, *args, **kwargs):
            self.misses = 0

        def __getitem__(self, key):
            try:
                return super().__getitem__(key)
            except KeyError:
                self.misses += 1
                return "default"

    d = Default(4, {"a": 1})
    assert d["a"] == 1
    assert d["b"] == "default"
    assert d.misses == 1
    with pytest.raises(AttributeError):
        ConcurrentDict().name = "x"
