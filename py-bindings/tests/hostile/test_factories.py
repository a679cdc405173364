"""Harm: factories, and what failures leave behind."""

import gc
import sys
import weakref

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict, ConcurrentQueue, Full, ShutDown
from helpers.objects import collected
from helpers.threads import run_threads

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")


def test_factories():
    d = ConcurrentDict()
    assert d.get_or_insert("none", lambda: None) is None
    assert d.get_or_insert("none", list) is None
    # One key may need others, but not itself, not even through another.
    assert d.get_or_insert("a", lambda: d.get_or_insert("b", lambda: 1) + 1) == 2
    with pytest.raises(RuntimeError, match="asked for the same key"):
        d.get_or_insert("x", lambda: d.get_or_insert("y", lambda: d.get_or_insert("x", list)))
    assert "x" not in d
    assert "y" not in d
    for error in (ValueError, KeyboardInterrupt, StopIteration, GeneratorExit, SystemExit):

        def factory(error=error):
            raise error

        with pytest.raises(error):
            d.get_or_insert("x", factory)
    with pytest.raises(TypeError, match="not callable"):
        d.get_or_insert("x", None)
    assert d.get_or_insert("x", lambda: d.clear() or (gc.collect() and 0)) == 0


def test_factory_may_drop_the_dict():
    d = [ConcurrentDict()]
    died = weakref.ref(d[0])
    assert d[0].get_or_insert("k", lambda: d.clear() or (gc.collect() and 0)) == 0
    assert collected(died)


def test_iteration_while_clearing():
    d = ConcurrentDict(dictionary=dict.fromkeys(range(1000)))
    seen = []
    for key in d:
        seen.append(key)
        d.clear()
    assert len(seen) == len(set(seen)) <= 1000
    assert not d
    source = iter(d)
    assert run_threads(4, lambda _: next(source, "end")) == ["end"] * 4


def test_nothing_is_kept_by_failures():
    """Operations of all kinds, most of which fail, leave reference counts alone."""

    class Bad:
        def __hash__(self):
            return hash("key")

        def __eq__(self, other):
            raise LookupError

    value, key, bad = object(), "".join(["k", "ey"]), Bad()
    d, q = ConcurrentDict(), ConcurrentQueue(maxsize=1)
    q.push(None)
    closed = ConcurrentQueue()
    closed.shutdown()
    fails = [
        lambda: d[bad],
        lambda: d.__setitem__(bad, value),
        lambda: d.setdefault(bad, value),
        lambda: d.pop(bad, value),
        lambda: d.compare_exchange(bad, value, value),
        lambda: d.get_or_insert(bad, lambda: value),
        lambda: d.update_with(bad, lambda _: value, value),
        lambda: d.update_with(key, lambda v: v + value),
        lambda: d.add(bad, value),
        lambda: d.add(key, value),
        lambda: d.add_many([key, bad]),
        lambda: d.update({bad: value}),
        lambda: d.update([(key, value), (value,)]),
        lambda: d.compare_exchange(value, value, []) or d[[]],
        lambda: ConcurrentDict.fromkeys([key, []], value),
        lambda: d | {bad: value},
        lambda: d < {key: value},
        lambda: q.push(value, 0),
        lambda: q.push(value, timeout=-1),
        lambda: q.push(value, timeout="soon"),
        lambda: q.try_push(value),
        lambda: q.push_many([value] * 3, 0),
        lambda: closed.push(value),
        lambda: closed.push_many([value, value]),
        lambda: AtomicInt64(value),
        lambda: AtomicInt64() + value,
        lambda: AtomicInt64().update(lambda _: value),
    ]

    def once():
        d[key] = 1
        for fail in fails:
            with pytest.raises((LookupError, TypeError, ValueError, Full, ShutDown)):
                fail()
        assert d.as_dict() == {key: 1}

    once()
    gc.collect()
    before = [sys.getrefcount(each) for each in (value, key, bad)]
    for _ in range(20):
        once()
    gc.collect()
    # On a free-threaded interpreter other code may hold a few for a while: a leak shows as 20.
    after = [sys.getrefcount(each) for each in (value, key, bad)]
    assert all(abs(one - other) < 10 for one, other in zip(before, after, strict=True))
