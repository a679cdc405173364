"""Harm: objects that use a container when they die."""

import gc

import pytest
from ft_utils.concurrency import MISSING, ConcurrentCache, ConcurrentDict, ConcurrentQueue
from ft_utils.synchronization import Once
from helpers.loops import run, started
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


async def five():
    return 5


@pytest.mark.parametrize(
    ("make", "ask"),
    [
        (lambda: Once(five), lambda o: o.call_async()),
        (ConcurrentDict, lambda o: o.get_or_insert_async("key", five)),
        (lambda: ConcurrentCache(3), lambda o: o.get_or_compute_async("key", five)),
    ],
    ids=["Once", "ConcurrentDict", "ConcurrentCache"],
)
def test_duty_that_dies_while_an_exception_propagates(make, ask):
    """A computation gives up its duty when it dies, if there was no memory to do it before."""
    o = make()

    def duty():
        coroutine = ask(o)
        computation = coroutine.cr_frame.f_locals["computation"]
        coroutine.close()
        return computation

    async def main():
        held = [duty()]
        assert held[0].claim() == []
        [follower] = await started(ask(o), rounds=3)
        with pytest.raises(ZeroDivisionError):
            # The list that was begun has the last reference.
            _ = [held.pop(), 1 / 0]
        return await follower

    assert run(main()) == 5
