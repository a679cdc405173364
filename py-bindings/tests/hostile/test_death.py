"""Harm: objects that use a container when they die."""

import gc

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict, ConcurrentQueue
from helpers.objects import Thing
from queues.contents import drained

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")


def test_pushing_at_death():
    q = ConcurrentQueue(maxsize=50)

    def last_will():
        gc.collect(0)
        q.try_push("will")

    for use in (
        lambda: q.push(Thing(last_will)) or (q.pop() and None),
        lambda: ConcurrentDict(dictionary={1: Thing(last_will)}).clear(),
        lambda: ConcurrentQueue().push(Thing(last_will)),
    ):
        use()
        assert drained(q) == ["will"]


def test_death_in_every_overwrite():
    d = ConcurrentDict()

    def last_will():
        d["key"] = d.get("key", None)
        d.add("deaths")

    for use in (
        lambda: d.__setitem__("key", 0),
        lambda: d.update(key=0),
        lambda: d.update_with("key", lambda _: 0),
        lambda: d.pop("key") and None,
        lambda: d.__delitem__("key"),
        lambda: d.clear(),
        lambda: d.compare_exchange("key", d["key"], 0),
        lambda: d.compare_exchange("key", d["key"], MISSING),
    ):
        d["deaths"] = 0
        d["key"] = Thing(last_will)
        use()
        # `clear` may take the count with it, after the death.
        assert d.get("deaths", 0) in (0, 1)
        d.pop("key", None)
        gc.collect()
        assert d.get("deaths", 0) <= 2
