"""What programs expect that come from functools or cachetools, which check the same."""

import math

import pytest
from ft_utils import ConcurrentCache, ConcurrentDict, cached


class Timer:
    """A timer for tests; with steps, each reading moves it."""

    def __init__(self, step=0):
        self.time = 0
        self.step = step

    def __call__(self):
        self.time += self.step
        return self.time


def test_an_expired_entry_is_not_there():
    timer = Timer()
    cache = ConcurrentCache(2, ttl=2, timer=timer)
    cache[1] = 1
    timer.time = 1
    cache[2] = 2
    timer.time = 2
    assert (len(cache), list(cache), cache.items()) == (1, [2], [(2, 2)])
    assert 1 not in cache
    for remove in (cache.pop, cache.__delitem__):
        with pytest.raises(KeyError):
            remove(1)
    assert cache.pop(1, "none") == "none"
    assert cache.setdefault(1, "new") == "new"
    timer.time = 10
    assert not cache
    with pytest.raises(KeyError):
        cache.popitem()


def test_time_that_passes_within_an_operation():
    cache = ConcurrentCache(1, ttl=2, timer=Timer(step=1))
    for read in (cache.__getitem__, cache.get, cache.pop, cache.setdefault):
        cache[1] = 1
        assert read(1) == 1
    cache[1] = 1
    cache.clear()
    assert len(cache) == 0


def test_growing_weights_make_room():
    cache = ConcurrentCache(10, weigher=lambda _, value: value)
    cache.update({3: 3, 4: 4})
    cache[4] = 7
    assert (dict(cache.items()), cache.currsize) == ({3: 3, 4: 7}, 10)
    cache[4] = 9
    assert (dict(cache.items()), cache.currsize) == ({4: 9}, 9)
    cache[4] = 1
    assert cache.currsize == 1


def test_a_cleared_cache_works_on():
    timer = Timer()
    cache = ConcurrentCache(2, ttl=2, timer=timer)
    cache.update({1: 1, 2: 2})
    cache.clear()
    cache.update({3: 3, 4: 4, 5: 5})
    assert len(cache) == cache.currsize == 2
    timer.time = 2
    assert len(cache) == 0


@pytest.mark.parametrize("maxsize", [2, None])
def test_expired_results_are_not_counted(maxsize):
    timer = Timer()
    function = cached(maxsize, ttl=1, timer=timer)(lambda n: n)
    assert (function(1), function(1)) == (1, 1)
    assert function.cache_info() == (1, 1, maxsize, 1)
    timer.time = 1
    assert function.cache_info() == (1, 1, maxsize, 0)
    assert function(1) == 1
    assert function.cache_info() == (1, 2, maxsize, 1)


def test_decorators_on_each_other():
    inner = cached(2)(math.sqrt)
    outer = cached(3, typed=True)(inner)
    assert outer.__wrapped__ is inner
    assert (outer(4), outer(4)) == (2, 2)
    assert (outer.cache_info(), inner.cache_info()) == ((1, 1, 3, 1), (0, 1, 2, 1))
    outer.cache_clear()
    assert (outer.cache_info(), inner.cache_info()) == ((0, 0, 3, 0), (0, 1, 2, 1))


def test_a_key_whose_comparison_calls_the_function():
    class Key:
        def __init__(self, calls):
            self.calls = calls

        def __hash__(self):
            return 1

        def __eq__(self, other):
            if self.calls:
                function(Key(False))
            return self.calls == other.calls

    function = cached(lambda key: key)
    function(Key(False))
    function(Key(True))
    assert function(Key(True)).calls


def test_arguments_named_as_those_of_methods():
    function = cached(lambda **names: names)
    for name in ("self", "args", "key", "function"):
        assert function(**{name: 1}) == {name: 1}
        assert function.cache_key(**{name: 1}) in function.cache


def test_calls_with_several_arguments():
    """Arguments that are equal are the same call, whatever their types are."""

    class Three:
        def __hash__(self):
            return 3

        def __eq__(self, other):
            return other == 3

    calls = []
    function = cached(lambda *args: calls.append(args) or len(calls))
    text = "text"
    same = [(3, text), (3, "".join(text)), (3.0, text), (Three(), text)]
    assert {function(*args) for args in same} == {1}
    assert (function(), function(), function(True, b"x"), function(1, b"x")) == (2, 2, 3, 3)
    nan = math.nan
    assert (function(1, nan), function(1, nan), function(1, float("nan"))) == (4, 4, 5)
    assert (function(1, (2, "a")), function(1, (2, "a")), function((1, 2), "a")) == (6, 6, 7)
    assert len({function(3, "x"), function("3", "x"), function(b"3", "x"), function(3, "y")}) == 4
    assert function(*same[0], 1) != function(*same[0])
    with pytest.raises(TypeError, match="unhashable"):
        function(1, [])


def test_a_missing_call_hashes_its_arguments_once():
    class Key:
        hashed = 0

        def __hash__(self):
            self.hashed += 1
            return 1

    key = Key()
    function = cached(lambda key, other: other)
    assert (function(key, 2), key.hashed) == (2, 1)


def test_tuples_as_keys():
    """They are compared without running code if their items are plain; the results are the same."""
    for make in (ConcurrentCache, lambda _: ConcurrentDict()):
        mapping = make(1000)
        for first in (1, "1", b"1", 1.5, None, (1, 2)):
            mapping[first, "key"] = first
        equal = [(1, 1), (True, 1), (1.0, 1), ("1", "1"), (b"1", b"1"), (1.5, 1.5), (None, None)]
        for first, value in equal:
            assert mapping[first, "".join("key")] == value
        assert mapping[(1, 2), "".join("key")] == (1, 2)
        for missing in ((1, "kex"), (1,), (), (1, "key", 1), (2, "key"), ("key", 1)):
            assert missing not in mapping
