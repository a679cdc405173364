"""The decorator ``cached``."""

import functools
import inspect
import weakref
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from ft_utils._native import (
    MISSING,
    CachedFunction,
    CachedMethod,
    ConcurrentCache,
    ConcurrentDict,
    share,
)

if TYPE_CHECKING:
    from datetime import timedelta

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Cache = ConcurrentCache[Any, Any]


# An instance, and its thing.
_Entry = tuple[weakref.ref[Any], _T]


class _PerInstance(Generic[_T]):
    """Gives each instance a thing of its own, which dies with the instance."""

    def __init__(self, make: Callable[[], _T], ended: Callable[[_T], object] | None) -> None:
        self._make = make
        self._ended = ended
        # By the addresses of the instances, so that they need no hash.
        self._things: ConcurrentDict[int, _Entry[_T]] = ConcurrentDict()
        # When there are so many, those of dead instances are removed.
        self._many = 64

    def of(self, instance: object) -> _T:
        found = self._things.get(id(instance))
        if found is None or found[0]() is not instance:
            found = self._made(instance)
        return found[1]

    def _made(self, instance: object) -> "_Entry[_T]":
        if len(self._things) >= self._many:
            self._remove_dead()
        found = self._things.get_or_insert(id(instance), lambda: self._entry(instance))
        if found[0]() is instance:
            return found
        # It is of an instance that had this address before.
        self._remove(id(instance), found)
        return self._things.get_or_insert(id(instance), lambda: self._entry(instance))

    def _remove_dead(self) -> None:
        # If the finalizer of an instance in a cycle calls the method, the weak reference is made so
        # late that Python 3.14 and 3.15 do not call its callback.
        for address, entry in self._things.items():
            if entry[0]() is None:
                self._remove(address, entry)
        self._many = max(64, 2 * len(self._things))

    def _remove(self, address: int, entry: "_Entry[_T]") -> None:
        if self._things.compare_exchange(address, entry, MISSING) and self._ended is not None:
            self._ended(entry[1])

    def _entry(self, instance: object) -> "_Entry[_T]":
        address, thing = id(instance), self._make()

        # The callback runs before the memory of the instance, and so its address, is used again.
        def end(_: object) -> None:
            self._things.pop(address, None)
            if self._ended is not None:
                self._ended(thing)

        try:
            return weakref.ref(instance, end), thing
        except TypeError:
            name = type(instance).__qualname__
            message = (
                f"cached() of a method needs weak references to its instances, and {name!r} "
                "allows none: add '__weakref__' to its __slots__"
            )
            raise TypeError(message) from None


@overload
def cached(maxsize: Callable[_P, _T]) -> CachedFunction[_P, _T]: ...
@overload
def cached(
    maxsize: int | None = 128,
    *,
    ttl: "float | timedelta | None" = None,
    idle: "float | timedelta | None" = None,
    key: Callable[..., Hashable] | None = None,
    typed: bool = False,
    per_instance: bool = True,
    cache_errors: "float | timedelta | None" = None,
    stale: "float | timedelta | None" = None,
    weigher: Callable[[Any, Any], int] | None = None,
    on_evict: Callable[[Any, Any, str], object] | None = None,
    timer: Callable[[], float] | None = None,
) -> Callable[[Callable[_P, _T]], CachedFunction[_P, _T]]: ...
def cached(
    maxsize: Any = 128,
    *,
    key: Callable[..., Hashable] | None = None,
    typed: bool = False,
    per_instance: bool = True,
    **times: Any,
) -> Any:
    """Keep the results of a function, and compute each once for all threads and tasks.

    Works with and without arguments, for functions, methods and coroutine functions. As for
    ``functools.lru_cache``, maxsize=None means no bound, typed=True tells 1 from 1.0, and the
    result has ``cache_info()``, ``cache_clear()``, ``cache_parameters()`` and ``__wrapped__``;
    besides, ``cache_invalidate(*args)``, ``cache_key(*args)``, and ``cache``, the ConcurrentCache.
    key(*args, **kwargs) makes the key of a call. The other arguments are those of ConcurrentCache.

    Results of methods are kept for each instance, and die with it: up to maxsize for each, or, with
    per_instance=False, up to maxsize for all. An instance needs no hash, but must allow weak
    references. A result that refers to its instance keeps it alive, and the instance the results.
    Called through its class, a method is a plain function.

    >>> @cached(maxsize=1000, ttl=60)
    ... def square(n):
    ...     return n * n
    >>> square(3), square(3)
    (9, 9)
    >>> square.cache_info()
    CacheInfo(hits=1, misses=1, maxsize=1000, currsize=1)
    """
    if callable(maxsize):
        return cached(key=key, typed=typed, per_instance=per_instance, **times)(maxsize)
    if maxsize is not None:
        # As functools does.
        maxsize = max(maxsize, 0)

    def make() -> _Cache:
        return ConcurrentCache(maxsize, **times)

    def decorate(function: Callable[..., Any]) -> CachedFunction[..., Any]:
        if not callable(function):
            raise TypeError("cached(): the first argument must be callable")
        shared = make()
        is_async = inspect.iscoroutinefunction(function)
        bind = _binder(make) if per_instance else _shared_binder(shared)
        result = CachedFunction(function, shared, key, typed, is_async, bind)
        # As for any function, threads do not contend for the counts of its references.
        share(shared)
        share(result)
        functools.update_wrapper(result, function)
        if is_async and hasattr(inspect, "markcoroutinefunction"):
            inspect.markcoroutinefunction(result)
        parameters = {"maxsize": maxsize, "typed": typed}
        result.cache_parameters = lambda: dict(parameters)
        return result

    return decorate


def _binder(make: Callable[[], _Cache]) -> Callable[[Any, Any], CachedMethod[..., Any]]:
    """Return what binds a function to an instance with a cache of its own."""
    caches: _PerInstance[_Cache] = _PerInstance(make, None)
    return lambda function, instance: CachedMethod(function, instance, caches.of(instance), None)


def _shared_binder(cache: _Cache) -> Callable[[Any, Any], CachedMethod[..., Any]]:
    """Return what binds a function to an instance, whose results are in one cache with others."""

    def ended(token: object) -> None:
        cache.invalidate_if(lambda key, _: type(key) is tuple and key[0] is token)

    tokens: _PerInstance[object] = _PerInstance(object, ended)
    return lambda function, instance: CachedMethod(function, instance, cache, tokens.of(instance))
