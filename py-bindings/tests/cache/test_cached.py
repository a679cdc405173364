"""The decorator cached()."""

import asyncio
import copy
import gc
import inspect
import pickle
import sys
import time
import weakref

import pytest
from ft_utils import ConcurrentCache, cached
from ft_utils._cache.cached import _PerInstance
from helpers.threads import run_threads


def multiply(n):
    """Multiply."""
    return n * n


@cached
def square(n):
    return n * n


def test_a_function():
    # Another thread that runs this test has a function of its own.
    square = cached(multiply)
    assert [square(3), square(3), square(n=3)] == [9, 9, 9]
    assert square.cache_info() == (1, 2, 128, 2)
    assert square.cache_parameters() == {"maxsize": 128, "typed": False}
    assert (square.__name__, square.__doc__) == ("multiply", "Multiply.")
    assert square.__wrapped__(4) == 16
    assert isinstance(square.cache, ConcurrentCache)
    assert square.cache_key(3) == 3
    assert square.cache_invalidate(3)
    assert not square.cache_invalidate(3)
    square.cache_clear()
    assert square.cache_info() == (0, 0, 128, 0)
    with pytest.raises(TypeError):
        square()
    with pytest.raises(TypeError, match="unhashable"):
        square([])


def test_copies_are_the_function():
    assert copy.copy(square) is square
    assert copy.deepcopy(square) is square
    assert pickle.loads(pickle.dumps(square)) is square


def test_keys():
    seen = []

    @cached(typed=True)
    def typed(*args, **kwargs):
        seen.append(args)
        return args, kwargs

    typed(1)
    typed(1.0)
    typed(1)
    typed(x=1)
    typed(x=1.0)
    typed(True)
    assert len(seen) == 5

    @cached(key=lambda *args: len(args))
    def counted(*args):
        return args

    assert counted(1, 2) == counted(3, 4) == (1, 2)

    @cached
    def plain(*args, **kwargs):
        return args, kwargs

    assert plain(1, 2) == ((1, 2), {})
    assert plain((1, 2)) == (((1, 2),), {})
    assert plain(1, b=2) == ((1,), {"b": 2})
    assert plain(1, "b", 2) == ((1, "b", 2), {})
    assert plain() == ((), {})
    assert plain(1) == ((1,), {})
    assert plain((1,)) == (((1,),), {})


@pytest.mark.parametrize("maxsize", [None, 0, -5, 3])
def test_bounds(maxsize):
    f = cached(maxsize=maxsize)(lambda x: x)
    for n in range(10):
        f(n)
    most = 10 if maxsize is None else max(maxsize, 0)
    assert f.cache_info().currsize == most
    assert f.cache_info().maxsize == (None if maxsize is None else most)


def test_not_a_function():
    with pytest.raises(TypeError, match="the first argument must be callable"):
        cached(maxsize=1)(5)


def test_threads_call_once():
    calls = []

    @cached
    def slow(n):
        calls.append(n)
        time.sleep(0.02)
        return n

    run_threads(8, lambda _: [slow(n) for n in range(5)])
    assert sorted(calls) == list(range(5))


def test_errors_are_not_kept():
    calls = []

    @cached
    def fail():
        calls.append(1)
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):
            fail()
    assert len(calls) == 2


class Account:
    def __init__(self, name):
        self.name = name
        self.calls = 0

    __hash__ = None

    @cached(maxsize=2)
    def own(self, n):
        """Ask."""
        self.calls += 1
        return self.name, n

    @cached(maxsize=4, per_instance=False)
    def shared(self, n):
        self.calls += 1
        return self.name, n

    @cached
    async def later(self, n):
        self.calls += 1
        return self.name, n

    @staticmethod
    @cached
    def static(n):
        return object()

    @classmethod
    @cached
    def of_class(cls, n):
        return cls, object()


@pytest.mark.thread_unsafe(reason="the threads would share the class, and its cache")
@pytest.mark.parametrize("name", ["own", "shared"])
def test_methods(name):
    one, other = Account("one"), Account("other")
    for account in one, other, one:
        assert getattr(account, name)(1) == (account.name, 1)
        assert getattr(account, name)(n=1) == (account.name, 1)
    assert (one.calls, other.calls) == (2, 2)
    method = getattr(one, name)
    assert method.__self__ is one
    assert method.__name__ == name
    assert method.cache_invalidate(1)
    method(1)
    assert one.calls == 3


@pytest.mark.thread_unsafe(reason="the threads would share the class, and its cache")
@pytest.mark.parametrize("name", ["own", "shared", "later"])
def test_methods_do_not_keep_instances_alive(name):
    account = Account("one")
    function = getattr(Account, name)
    if name == "later":
        assert asyncio.run(account.later(1)) == asyncio.run(account.later(1)) == ("one", 1)
    else:
        getattr(account, name)(1)
    assert account.calls == 1
    gone = weakref.ref(account)
    del account
    gc.collect()
    assert gone() is None
    if name == "shared":
        assert function.cache_info().currsize == 0


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_instances_whose_finalizers_call_the_method():
    """A later instance at the same address does not get what such a call leaves."""

    class Finalized:
        def __init__(self):
            self.me = self

        def __del__(self):
            things.of(self)

    ended, made = [], []
    things = _PerInstance(object, ended.append)
    for number in range(1000):
        one = Finalized()
        made.append(things.of(one))
        del one
        if number % 50 == 49:
            gc.collect()
    assert len(set(map(id, made))) == 1000
    gc.collect()
    # When there are many, those that are left are let go.
    ones = [Finalized() for _ in range(200)]
    assert len({id(things.of(one)) for one in ones}) == 200
    assert len(things._things) <= 500
    assert len(set(map(id, ended)) & set(map(id, made))) >= 500
    del ones


def test_one_cache_for_each_instance():
    accounts = [Account(str(n)) for n in range(3)]
    for account in accounts:
        account.own(1)
        account.own(2)
    assert [account.own.cache_info() for account in accounts] == [(0, 2, 2, 2)] * 3
    accounts[0].own.cache_clear()
    assert [account.own.cache_info().currsize for account in accounts] == [0, 2, 2]
    assert Account.own.__doc__ == "Ask."


def test_static_and_class_methods():
    assert Account.static(1) is Account.static(1) is Account("a").static(1)
    assert Account.of_class(1) is Account("a").of_class(1)
    assert Account.of_class(1)[0] is Account


class Slots:
    __slots__ = ()

    @cached
    def method(self):
        return 1


def test_instances_without_weak_references():
    with pytest.raises(TypeError, match="add '__weakref__' to its __slots__"):
        Slots().method()


def test_coroutine_functions():
    calls = []

    @cached
    async def fetch(n):
        calls.append(n)
        await asyncio.sleep(0.01)
        return n

    async def main():
        assert await asyncio.gather(*(fetch(n % 3) for n in range(30))) == [0, 1, 2] * 10
        assert await fetch(1) == 1

    asyncio.run(main())
    asyncio.run(main())
    assert sorted(calls) == [0, 1, 2]
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(fetch)


def test_a_coroutine_in_a_plain_function_is_refused():
    async def work():
        return 1

    f = cached(lambda: work())
    with pytest.raises(TypeError, match="async function itself"):
        f()


def test_recursion():
    @cached(maxsize=None)
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    assert fib(80) == 23416728348467685
