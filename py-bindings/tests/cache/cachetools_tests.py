"""The tests of cachetools, run against this package. By hand: only their sdist has them.

python cachetools_tests.py FOLDER

FOLDER is the unpacked source distribution of cachetools 8.0.2. Three things of ours are tested:
ConcurrentCache as the cache that their decorators `cached` and `cachedmethod` are given;
ConcurrentCache in place of their TTLCache; and our cached() in place of their `func.ttl_cache`.
What these tests check is also in `test_migration.py`, which needs no other package.
"""

import math
import sys
import unittest
from pathlib import Path

from ft_utils import ConcurrentCache, cached

# Tests that cannot apply.
INAPPLICABLE = {
    "Func.test_ttl_datetime": "ours takes seconds, no timedelta",
    "TTLCache.test_ttl_datetime": "as above",
    "TTLCache.test_ttl_datetime_overflow": "as above",
    "TTLCache.test_maxsize_zero": "ours keeps nothing without room; theirs raises",
    "TTLCache.test_missing": "ours does not call __missing__: get_or_compute is for that",
    "TTLCache.test_missing_getsizeof": "as above",
    "TTLCache.test_defaults": "ours has no method getsizeof",
    "TTLCache.test_getsizeof_subclass": "as above",
    "TTLCache.test_getsizeof_param": "as above, and a value that is too large raises there",
    "TTLCache.test_popitem_exception_context": "about how MutableMapping is written",
    "TTLCache.test_iter_update": "expects the order of insertion",
    "TTLCache.test_ttl_iter_modify": "as above",
    "TTLCache.test_ttl_iter_expired": "their expire() returns the entries; on_evict tells ours",
    "TTLCache.test_ttl_expire": "as above, and it takes a time",
    "TTLCache.test_ttl_lru": "knows which entry an LRU evicts; ours keeps what was asked for often",
    "Func.test_decorator_method": "calls through the class have a cache of their own here",
    "Func.test_decorator": "expects that f(1) is f(1.0); ours keeps these apart, as functools does",
    "Func.test_decorator_unbound": "as above",
    "Func.test_decorator_user_function": "as above",
}

# A cache of ours is shared, and cannot be copied or pickled.
COPIES = ("copy", "pickle")


class Cache(ConcurrentCache):
    """ConcurrentCache, made as the caches of cachetools are."""

    def __new__(cls, maxsize, getsizeof=None, ttl=math.inf, timer=None):
        weigher = getsizeof and (lambda _, value: getsizeof(value))
        bound, ttl = (None if it == math.inf else it for it in (maxsize, ttl))
        bound = -1 if bound == -math.inf else bound
        cache = super().__new__(cls, bound, weigher=weigher, ttl=ttl, timer=timer)
        cache.timer = timer
        return cache


def applies(test):
    case, _, name = test.id().rpartition(".")
    full = f"{case.rpartition('.')[2]}.{name}"
    return full not in INAPPLICABLE and not any(part in name for part in COPIES)


def run(folder: Path) -> bool:
    sys.path[:0] = [str(folder / "src"), str(folder)]
    import cachetools
    from tests import test_cached, test_cachedmethod, test_func, test_ttl

    # Their decorators ask so whether a cache has a bound.
    cachetools.Cache.register(Cache)

    class Decorated(test_cached.CacheWrapperTest):
        def cache(self, minsize):
            return Cache(minsize)

    class Methods(test_cachedmethod.CacheMethodTest):
        def cache(self, minsize, **kwargs):
            return Cache(minsize, **kwargs)

    class TTLCache(test_ttl.TTLCacheTest):
        Cache = Cache

    test_ttl.TTLCache = Cache

    class Func(test_func.TTLDecoratorTest):
        DECORATOR = staticmethod(cached)

    cachetools.func.ttl_cache = cached
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    tests = [test for case in (Decorated, Methods, TTLCache, Func) for test in load(case)]
    suite = unittest.TestSuite(filter(applies, tests))
    print(f"{suite.countTestCases()} of {len(tests)} tests apply")
    return unittest.TextTestRunner().run(suite).wasSuccessful()


if __name__ == "__main__":
    sys.exit(not run(Path(sys.argv[1])))
