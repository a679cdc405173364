"""The operations of ConcurrentCache, and of what cached() returns."""

from .lines import COMPARISONS, SHARED, SUBSCRIPT, of

CALLS = """
    o.__call__(x)
    o.__call__(x, name=x)
    o.cache
    o.cache_info()
    o.cache_clear()
    o.cache_key(x)
    o.cache_key(x, name=x)
    o.cache_invalidate(x)
    o.cache_invalidate(x, name=x)
    o.__repr__()
"""

OPERATIONS = {
    "ConcurrentCache": of(
        """
        cached_items(ConcurrentCache(8), x)
        ConcurrentCache(x)
        ConcurrentCache(8, ttl=x)
        ConcurrentCache(8, idle=x, stale=x, cache_errors=x)
        cached_items(ConcurrentCache(8, weigher=x), x)
        cached_items(ConcurrentCache(1, on_evict=x), x)
        ConcurrentCache(8, timer=x)
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + """
        o == {x: x, 0: 0}
        o.__iter__()
        o.__bool__()
        o.__len__()
        o.__getitem__(x)
        o.__setitem__(x, x)
        o.__delitem__(x)
        o.__contains__(x)
        o.get(x)
        o.get(x, x)
        o.peek(x)
        o.peek(x, x)
        o.put(x, x)
        o.put(x, x, ttl=x)
        o.put(x, x, ttl=1, idle=1)
        o.pop(x)
        o.pop(x, x)
        o.popitem()
        o.update(x)
        o.update({x: x})
        o.update(((x, x),))
        o.update(key=x)
        o.clear()
        o.expire()
        o.invalidate_if(x)
        o.keys()
        o.values()
        o.items()
        o.stats()
        o.reset_stats()
        o.maxsize
        setattr(o, "maxsize", x)
        setattr(o, "maxsize", 1)
        o.currsize
        o.ttl
        o.idle
        step(o.get_or_compute_async(x, x))
        step(o.get_or_compute_async("new", x, ttl=1))
        """,
        # They wait if another thread makes the value.
        """
        o.setdefault(x)
        o.setdefault(x, x)
        o.get_or_compute(x, x)
        o.get_or_compute("new", x)
        o.get_or_compute("newer", x, ttl=x, timeout=0)
        ConcurrentCache(3, cache_errors=9).get_or_compute(x, lambda: 1 / 0)
        o.refresh(x, x)
        o.refresh("new", x, ttl=1)
        """,
    ),
    "ConcurrentCacheIterator": of(
        "iter(cached_items(ConcurrentCache(8), x))",
        """
        o.__iter__()
        o.__next__()
        """,
    ),
    "CachedFunction": of(
        """
        called(cached(lambda *args, **kwargs: x), x)
        cached(key=x, typed=True)(lambda *args, **kwargs: x)
        """,
        SUBSCRIPT
        + CALLS
        + """
        o.__get__(x)
        o.__get__(None, x)
        o.__copy__()
        o.__deepcopy__(x)
        o.__reduce__()
        """,
    ),
    "CachedMethod": of(
        """
        called(cached(lambda *args, **kwargs: x).__get__(Instance(x)), x)
        cached(key=x, per_instance=False)(lambda *args, **kwargs: x).__get__(Instance(x))
        """,
        SUBSCRIPT
        + CALLS
        + """
        o.__self__
        o.__func__
        o.__getattribute__(x)
        o.__getattribute__("__name__")
        """,
    ),
}
