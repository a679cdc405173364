"""The names that the lines use, apart from `o` and `x`."""

import asyncio
import operator
from collections.abc import Callable
from typing import Any

import ft_utils


class Loop:
    """The part of an event loop that a waiting coroutine needs; it never runs."""

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future:
        return asyncio.Future(loop=self)

    def call_soon(self, *_args: object, **_kwargs: object) -> None:
        pass

    call_soon_threadsafe = call_soon

    def call_later(self, *_args: object) -> "Loop":
        return self

    def cancel(self) -> None:
        pass


LOOP = Loop()


def step(coroutine: Any) -> object:
    """Run a coroutine until it waits, and end it there."""
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(LOOP)
    try:
        return coroutine.send(None)
    except StopIteration as done:
        return done.value
    finally:
        coroutine.close()
        asyncio._set_running_loop(before)


# The names that the lines may use, apart from `o` and `x`.
NAMES: dict[str, Any] = {
    **{name: getattr(ft_utils, name) for name in ft_utils.__all__},
    "operator": operator,
    "step": step,
}


def named(function: Callable) -> Callable:
    NAMES[function.__name__] = function
    return function


@named
def filled(q: Any, *items: object) -> Any:
    for item in items:
        q.push(item)
    return q


@named
def gathered(it: Any, *values: object) -> Any:
    for key, value in enumerate(values):
        it.insert(key, value)
    return it


@named
def shut(executor: Any) -> Any:
    executor.shutdown()
    return executor


@named
def calling(future: Any, callback: Any) -> Any:
    future.add_done_callback(callback)
    return future


@named
def cached_items(cache: Any, *items: object) -> Any:
    for item in items:
        cache[item] = item
    return cache


@named
def called(function: Any, *args: object) -> Any:
    function(*args)
    return function


@named
class Instance:
    """An object that a cached method can be bound to."""

    def __init__(self, held: object) -> None:
        self.held = held
