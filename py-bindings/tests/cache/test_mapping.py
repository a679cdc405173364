"""ConcurrentCache as a mapping."""

from collections.abc import MutableMapping

import pytest
from ft_utils import ConcurrentCache
from helpers.threads import run_threads


def test_a_mapping():
    cache = ConcurrentCache(10)
    assert isinstance(cache, MutableMapping)
    assert not cache
    assert len(cache) == 0
    cache["a"] = 1
    cache.update({"b": 2}, c=3)
    cache.update([((1, 2), 4)])
    assert cache
    assert dict(cache.items()) == {"a": 1, "b": 2, "c": 3, (1, 2): 4}
    assert sorted(map(str, cache)) == sorted(map(str, cache.keys())) == ["(1, 2)", "a", "b", "c"]
    assert sorted(cache.values()) == [1, 2, 3, 4]
    assert cache == {"a": 1, "b": 2, "c": 3, (1, 2): 4}
    assert cache != {}
    assert cache["a"] == cache.get("a") == cache.peek("a") == 1
    assert cache.get("x") is None
    assert cache.get("x", 5) == cache.peek("x", 5) == 5
    assert "a" in cache
    assert "x" not in cache
    del cache["a"]
    with pytest.raises(KeyError, match="a"):
        cache["a"]
    with pytest.raises(KeyError):
        del cache["a"]
    assert cache.pop("b") == 2
    assert cache.pop("b", None) is None
    with pytest.raises(KeyError):
        cache.pop("b")
    with pytest.raises(TypeError, match="one default"):
        cache.pop("b", 1, 2)
    assert cache.setdefault("c", 0) == 3
    assert cache.setdefault("d", 0) == 0
    assert cache.setdefault("e") is None
    left = dict(cache.items())
    while cache:
        key, value = cache.popitem()
        assert left.pop(key) == value
    assert left == {}
    with pytest.raises(KeyError):
        cache.popitem()


def test_names():
    assert repr(ConcurrentCache(1)) == "ConcurrentCache({})"
    cache = ConcurrentCache(2)
    cache["own"] = cache
    assert repr(cache) == "ConcurrentCache({'own': ConcurrentCache({...})})"
    assert ConcurrentCache[str, int].__origin__ is ConcurrentCache


def test_a_handle_is_the_same_cache():
    cache = ConcurrentCache(2)
    handle = cache.handle()
    handle["a"] = 1
    assert cache["a"] == 1
    assert handle.handle()["a"] == 1


@pytest.mark.parametrize("maxsize", [-1, "1", 1.5, 2**64])
def test_bad_bounds(maxsize):
    with pytest.raises((TypeError, ValueError, OverflowError)):
        ConcurrentCache(maxsize)


@pytest.mark.parametrize("name", ["ttl", "idle", "stale", "cache_errors"])
@pytest.mark.parametrize("seconds", [-1, float("nan"), "1"])
def test_bad_times(name, seconds):
    with pytest.raises((TypeError, ValueError), match="number of seconds"):
        ConcurrentCache(1, **{name: seconds})


@pytest.mark.parametrize("name", ["weigher", "on_evict", "timer"])
def test_functions_are_callable(name):
    with pytest.raises(TypeError, match=f"{name} must be callable"):
        ConcurrentCache(1, **{name: 5})


def test_attributes():
    cache = ConcurrentCache(5, ttl=1.5, idle=2)
    assert (cache.maxsize, cache.currsize, cache.ttl, cache.idle) == (5, 0, 1.5, 2)
    cache = ConcurrentCache(None)
    assert (cache.maxsize, cache.ttl, cache.idle) == (None, None, None)
    for n in range(1000):
        cache[n] = n
    assert len(cache) == cache.currsize == 1000


def test_statistics():
    cache = ConcurrentCache(2)
    cache["a"] = 1
    cache["a"] = 2
    _ = cache["a"], cache.get("x"), "a" in cache, cache.peek("a")
    with pytest.raises(ZeroDivisionError):
        cache.get_or_compute("b", lambda: 1 / 0)
    cache.get_or_compute("b", lambda: 1)
    del cache["a"]
    stats = cache.stats()
    assert stats[:8] == (1, 3, 1, 1, 0, 0, 1, 1)
    assert stats.load_time > 0


def test_statistics_begin_anew():
    cache = ConcurrentCache(10)
    cache["a"] = 1
    assert (cache.get("a"), cache.get("b")) == (1, None)
    assert cache.reset_stats()[:2] == (1, 1)
    assert sum(cache.stats()) == 0
    assert cache.get("a") == 1
    assert cache.stats()[:2] == (1, 0)


def test_nothing_is_lost_between_statistics():
    cache = ConcurrentCache(10)
    cache["a"] = 1

    def work(me):
        if me == 0:
            return sum(cache.reset_stats().hits for _ in range(200))
        return sum(cache["a"] == 0 for _ in range(2000))

    counted = sum(run_threads(4, work))
    assert counted + cache.stats().hits == 3 * 2000
