"""ConcurrentDict: what the garbage collector does with it."""

import gc
import weakref

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.objects import Thing, collected

from .shared import Key, Mine


def into_value(d):
    d["me"] = d


def into_key(d):
    key = Key("me")
    key.itself = d
    d[key] = 1


def into_handle(d):
    d["me"] = d.handle()


def into_own_handle(d):
    handle = d.handle()
    handle["me"] = handle.handle()


def into_iterator(d):
    d["me"] = iter(d)


def into_started_iterator(d):
    d["more"] = 1
    iterator = iter(d)
    next(iterator)
    d["me"] = iterator


def into_attribute(d):
    if type(d) is Mine:
        d.itself = d
    else:
        d["me"] = [d]


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [ConcurrentDict, Mine])
@pytest.mark.parametrize(
    "tie",
    [
        into_value,
        into_key,
        into_handle,
        into_own_handle,
        into_iterator,
        into_started_iterator,
        into_attribute,
    ],
)
def test_cycles_are_collected(kind, tie):
    d = kind()
    d["thing"] = Thing()
    reference = weakref.ref(d["thing"])
    tie(d)
    del d
    assert reference() is not None
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    d = ConcurrentDict()
    handles = [d.handle() for _ in range(5)]
    for n in range(100):
        d[n] = [Thing(), d]
        d[Key(n)] = handles[n % 5]
    iterator = iter(d)
    next(iterator)
    for _ in range(5):
        gc.collect()
    assert len(d) == 200
    assert all(isinstance(handles[n % 5][n][0], Thing) for n in range(100))
    assert len(list(iterator)) == 199
    assert gc.is_tracked(d)
    d.clear()
