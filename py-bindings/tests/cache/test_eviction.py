"""What leaves a ConcurrentCache, and when."""

import sys
import weakref
from datetime import timedelta

import pytest
from ft_utils import ConcurrentCache
from helpers.objects import collected
from helpers.threads import run_threads


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_the_bound_is_exact():
    cache = ConcurrentCache(10)
    for n in range(1000):
        cache[n] = n
        assert len(cache) <= 10
    assert len(cache) == cache.currsize == 10
    assert cache.stats().evictions == 990


def test_the_bound_holds_beside_threads():
    cache = ConcurrentCache(100)

    def work(me):
        for n in range(3000):
            cache[(me * 7919 + n) % 5000] = n

    run_threads(8, work)
    assert len(cache) == cache.currsize == 100


@pytest.mark.parametrize("weigher", [None, lambda _key, _value: 1])
def test_the_bound_can_be_set(weigher):
    evicted = []
    cache = ConcurrentCache(
        None, weigher=weigher, on_evict=lambda key, _value, cause: evicted.append((key, cause))
    )
    assert cache.maxsize is None
    for n in range(1000):
        cache[n] = n
    cache.maxsize = 10
    assert (cache.maxsize, len(evicted)) == (10, 1000 - len(cache))
    assert len(cache) == cache.currsize <= 10
    assert {cause for _, cause in evicted} == {"size"}
    cache.maxsize = 0
    assert len(cache) == 0
    cache.handle().maxsize = None
    for n in range(100):
        cache[n] = n
    assert (cache.maxsize, len(cache)) == (None, 100)
    cache.maxsize = 100
    cache["new"] = 1
    assert 50 < len(cache) == cache.currsize <= 100


def test_bad_bounds_change_nothing():
    cache = ConcurrentCache(10)
    wrong = [("x", TypeError), (1.5, TypeError), (-1, ValueError), (1 << 70, OverflowError)]
    for bound, error in wrong:
        with pytest.raises(error):
            cache.maxsize = bound
    with pytest.raises((TypeError, AttributeError)):
        del cache.maxsize
    assert cache.maxsize == 10


def test_threads_set_the_bound():
    cache = ConcurrentCache(100)

    def work(me):
        for n in range(1000):
            cache[(me * 7919 + n) % 500] = n
            if n % 50 == me:
                cache.maxsize = 10 * (me + 1)

    run_threads(4, work)
    assert len(cache) == cache.currsize <= cache.maxsize <= 40


def test_nothing_is_kept_without_room():
    cache = ConcurrentCache(0)
    cache["a"] = 1
    assert "a" not in cache
    assert cache.get_or_compute("a", lambda: 2) == 2
    assert len(cache) == 0


def test_what_is_asked_for_often_stays():
    cache = ConcurrentCache(10)
    for n in range(500):
        cache["often"] = cache.get("often", 0)
        cache[n] = n
    assert "often" in cache


def test_weights():
    cache = ConcurrentCache(10, weigher=lambda _key, value: value)
    cache["a"], cache["b"] = 6, 4
    assert cache.currsize == 10
    cache["c"] = 5
    assert cache.currsize <= 10
    cache["too heavy"] = 11
    assert "too heavy" not in cache


@pytest.mark.parametrize(
    ("weight", "error"), [("x", TypeError), (-1, ValueError), (2**64, ValueError)]
)
def test_bad_weights_store_nothing(weight, error):
    cache = ConcurrentCache(10, weigher=lambda _key, _value: weight)
    with pytest.raises(error, match="weigher must return an int"):
        cache["a"] = 1
    assert len(cache) == 0


def test_times():
    clock = Clock()
    cache = ConcurrentCache(10, ttl=10, timer=clock)
    cache["a"] = 1
    cache.put("short", 2, ttl=1)
    cache.put("idle", 3, ttl=100, idle=5)
    clock.now = 1
    assert "short" not in cache
    assert sorted(cache) == ["a", "idle"]
    assert len(cache) == 2
    for now in 4, 8:
        clock.now = now
        assert cache["idle"] == 3
    clock.now = 10
    assert "a" not in cache
    assert cache["idle"] == 3
    clock.now = 15.5
    assert cache.get("idle") is None
    expired = cache.expire()
    assert (expired <= 3, cache.expire(), cache.stats().expirations) == (True, 0, 3)


def test_peeking_keeps_nothing_alive():
    clock = Clock()
    cache = ConcurrentCache(10, idle=5, timer=clock)
    cache["a"] = 1
    clock.now = 4
    assert cache.peek("a") == 1
    assert "a" in cache
    clock.now = 6
    assert cache.get("a") is None


def test_time_does_not_go_back():
    clock = Clock()
    clock.now = 100
    cache = ConcurrentCache(10, ttl=10, timer=clock)
    cache["a"] = 1
    clock.now = 0
    assert cache["a"] == 1


def test_times_as_timedelta():
    clock = Clock()
    ten = timedelta(seconds=10)
    cache = ConcurrentCache(10, ttl=ten, idle=ten, stale=ten, cache_errors=ten, timer=clock)
    assert cache.ttl == cache.idle == 10
    cache.put("a", 1, ttl=timedelta(milliseconds=500), idle=timedelta(days=1))
    cache.get_or_compute("b", lambda: 2, ttl=timedelta(hours=1))
    clock.now = 0.5
    assert ("a" in cache, "b" in cache) == (False, True)
    with pytest.raises(ValueError, match="must not be negative"):
        ConcurrentCache(10, ttl=-ten)
    with pytest.raises(TypeError, match="a number of seconds, a timedelta or None, not"):
        ConcurrentCache(10, ttl="10")


def test_a_timer_that_fails():
    times = iter([0.0, 1.0])
    cache = ConcurrentCache(10, ttl=10, timer=lambda: next(times))
    cache["a"] = 1
    with pytest.raises(StopIteration):
        cache.get("a")
    with pytest.raises(ValueError, match="timer must return"):
        ConcurrentCache(1, timer=lambda: -1.0)


def test_the_listener_hears_why():
    clock, heard = Clock(), []
    cache = ConcurrentCache(2, ttl=10, timer=clock, on_evict=lambda *what: heard.append(what))
    cache["a"] = 1
    cache["a"] = 2
    del cache["a"]
    cache["b"] = 3
    clock.now = 10
    assert cache.expire() == 1
    assert heard == [("a", 1, "replaced"), ("a", 2, "removed"), ("b", 3, "expired")]
    heard.clear()
    for n in range(5):
        cache[n] = n
    assert len(heard) == 3
    assert {cause for _, _, cause in heard} == {"size"}


def test_the_listener_may_use_the_cache():
    seen = []
    cache = ConcurrentCache(
        1, on_evict=lambda key, _value, _cause: seen.append(list(cache) + [key])
    )
    cache[1] = cache[2] = 0
    assert len(seen) == 1


def test_a_listener_that_fails(monkeypatch):
    raised = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: raised.append(it.exc_type))
    cache = ConcurrentCache(1, on_evict=lambda *_: 1 / 0)
    cache[1] = 0
    cache[1] = 1
    assert raised == [ZeroDivisionError]
    assert cache[1] == 1


def test_invalidate_if():
    cache = ConcurrentCache(10)
    cache.update({n: str(n) for n in range(6)})
    assert cache.invalidate_if(lambda key, value: key % 2 and value == str(key)) == 3
    assert sorted(cache) == [0, 2, 4]
    with pytest.raises(ZeroDivisionError):
        cache.invalidate_if(lambda *_: 1 / 0)
    assert sorted(cache) == [0, 2, 4]


class Thing:
    pass


def test_what_leaves_is_released_at_once():
    cache = ConcurrentCache(1)
    thing = Thing()
    gone = weakref.ref(thing)
    cache["a"] = thing
    del thing
    assert gone() is not None
    cache["a"] = None
    assert gone() is None


def test_circles_are_collected():
    cache = ConcurrentCache(4, on_evict=lambda *_: pytest.fail("nobody evicts"))
    thing = Thing()
    gone = weakref.ref(thing)
    thing.cache = cache
    cache["a"] = thing
    del cache, thing
    assert collected(gone)
