"""ConcurrentDict: when its keys and values die."""

import gc
import sys
import weakref

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict
from helpers.objects import Thing

from .shared import Key

REMOVALS = {
    "replace": lambda d: d.__setitem__("k", None),
    "delete": lambda d: d.__delitem__("k"),
    "pop": lambda d: d.pop("k") and None,
    "popitem": lambda d: d.popitem() and None,
    "clear": lambda d: d.clear(),
    "update": lambda d: d.update(k=None),
    "merge": lambda d: d.__ior__({"k": None}) and None,
    "update_with": lambda d: d.update_with("k", lambda value: None),
    "compare_exchange": lambda d: d.compare_exchange("k", d["k"], MISSING),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_values_die_promptly(remove):
    d = ConcurrentDict()
    d["k"] = Thing()
    reference = weakref.ref(d["k"])
    remove(d)
    assert reference() is None


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_death_may_use_the_dict(remove):
    d = ConcurrentDict(2)
    sizes = []

    def at_death():
        for n in range(50):
            d[n] = n
        sizes.append(len(d.keys()))
        d.clear()

    d["k"] = Thing(at_death)
    remove(d)
    assert len(sizes) == 1
    assert sizes[0] >= 50


def test_keys_die_promptly():
    d = ConcurrentDict()
    key = Key("a")
    reference = weakref.ref(key)
    d[key] = 1
    del key
    assert reference() is not None
    d[Key("a")] = 2
    assert reference() is not None
    del d[Key("a")]
    assert reference() is None
    key = Key("unused")
    reference = weakref.ref(key)
    d.get(key), d.pop(key, None), key in d, d.compare_exchange(key, 1, 2)
    del key
    assert reference() is None


def test_dict_of_the_dead_drops_values():
    reference = None

    def work():
        nonlocal reference
        d = ConcurrentDict(dictionary={n: Thing() for n in range(10)})
        reference = [weakref.ref(value) for value in d.values()]

    work()
    assert [one() for one in reference] == [None] * 10


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    key, value, default = Key("k"), object(), object()
    d = ConcurrentDict()

    def work():
        d[key] = value
        d[key] = value
        d[Key("k")] = value
        d.get(key), d[key], key in d, d.setdefault(key, default), d.get(1, default)
        d.keys(), d.values(), d.items(), d.as_dict(), list(d), d.copy(), d == d.as_dict()
        d.compare_exchange(key, value, default)
        d.compare_exchange(key, value, default)
        d.compare_exchange(key, default, value)
        d.get_or_insert(key, lambda: default)
        d.update_with(key, lambda old: value, default)
        d.update({key: value}), d.update(d)
        d | d, d.handle()[key]
        d.pop(key), d.pop(key, default)
        d.get_or_insert(key, lambda: value)
        d.update_with(Key("other"), lambda old: value, default)
        d.popitem(), d.popitem()

    work()
    gc.collect()
    before = [sys.getrefcount(one) for one in (key, value, default)]
    for _ in range(100):
        work()
    gc.collect()
    assert [sys.getrefcount(one) for one in (key, value, default)] == before
