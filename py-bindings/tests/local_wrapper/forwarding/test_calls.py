"""LocalWrapper: calls and contexts."""

import asyncio
import math
import threading
import types
from collections.abc import Generator
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from .shared import outcome


def test_call() -> None:
    def function(*args: object, **kwargs: object) -> object:
        return args, kwargs

    wrapper = LocalWrapper(function)
    assert callable(wrapper)
    assert wrapper(1, self=2, wrapped=3) == ((1,), {"self": 2, "wrapped": 3})
    objects: list[Any] = [5, len, math.sqrt]
    for obj in objects:
        assert outcome(LocalWrapper(obj), "x", "y") == outcome(obj, "x", "y")


class Context:
    """A context manager that can suppress a ZeroDivisionError."""

    def __init__(self) -> None:
        self.log: list[object] = []

    def __enter__(self) -> str:
        self.log.append("enter")
        return "entered"

    def __exit__(self, kind: object, *rest: object) -> bool:
        self.log.append(kind)
        return kind is ZeroDivisionError


def test_context_manager() -> None:
    obj = Context()
    with LocalWrapper(LocalWrapper(obj)) as value:
        assert value == "entered"
    with LocalWrapper(obj):
        _ = 1 / 0
    with pytest.raises(KeyError), LocalWrapper(obj):
        raise KeyError
    assert obj.log == ["enter", None, "enter", ZeroDivisionError, "enter", KeyError]
    lock = threading.Lock()
    with LocalWrapper(lock):
        assert lock.locked()
    assert not lock.locked()


def test_not_a_context_manager() -> None:
    class NoExit:
        entered = False

        def __enter__(self) -> None:
            self.entered = True

    half = NoExit()
    for obj, missing in ((5, "__enter__"), (LocalWrapper(5), "__enter__"), (half, "__exit__")):
        with pytest.raises(AttributeError, match=missing), LocalWrapper(obj):
            pytest.fail("entered")
    assert not half.entered


def test_enter_that_fails() -> None:
    class Failing:
        def __enter__(self) -> None:
            raise AttributeError("mine")

        def __exit__(self, *args: object) -> None:
            pytest.fail("left")

    with pytest.raises(AttributeError, match="mine"), LocalWrapper(Failing()):
        pytest.fail("entered")


class AsyncContext:
    """Like Context, and an asynchronous iterator that gives one item."""

    def __init__(self) -> None:
        self.log: list[object] = []

    async def __aenter__(self) -> str:
        return "entered"

    async def __aexit__(self, kind: object, *rest: object) -> bool:
        self.log.append(kind)
        return kind is ZeroDivisionError

    def __aiter__(self) -> "AsyncContext":
        return self

    async def __anext__(self) -> str:
        if self.log:
            raise StopAsyncIteration
        self.log.append("item")
        return "item"


def test_coroutines() -> None:
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    @types.coroutine
    def old_style() -> Generator[None, None, str]:
        yield
        return "old"

    async def main() -> None:
        assert await LocalWrapper(double)(2) == 4
        assert await LocalWrapper(double(3)) == 6
        assert await LocalWrapper(LocalWrapper(old_style())) == "old"
        assert await asyncio.wait_for(LocalWrapper(double(4)), 10) == 8
        obj = AsyncContext()
        assert [item async for item in LocalWrapper(obj)] == ["item"]
        with pytest.raises(StopAsyncIteration):
            await anext(LocalWrapper(obj))
        async with LocalWrapper(obj) as value:
            assert value == "entered"
            _ = 1 / 0
        assert obj.log == ["item", ZeroDivisionError]
        with pytest.raises(TypeError, match="int"):
            await LocalWrapper(5)
        with pytest.raises(TypeError, match="int"):
            async for _ in LocalWrapper(5):
                pass
        with pytest.raises(TypeError, match="int"):
            async with LocalWrapper(5):
                pass

    asyncio.run(main())
