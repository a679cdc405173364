"""Helpers for the tests in this folder."""

from collections.abc import Callable
from typing import Any


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """Return the type and value of a call's result, or the type and text of its exception."""
    try:
        result = function(*args)
    except Exception as err:
        return type(err), str(err)
    return type(result), result


def name(value: Any) -> str:
    return getattr(value, "__name__", None) or type(value).__name__


class Plain:
    """The documentation of Plain."""

    shared = "class"

    def __init__(self) -> None:
        self.x = 1
        self.reads = 0

    def method(self, *args: int, **kwargs: int) -> object:
        return self, args, kwargs

    @classmethod
    def maker(cls) -> object:
        return cls

    @staticmethod
    def static() -> str:
        return "static"

    @property
    def half(self) -> int:
        return self.x // 2

    @half.setter
    def half(self, value: int) -> None:
        self.x = 2 * value

    @property
    def broken(self) -> int:
        self.reads += 1
        raise ZeroDivisionError("broken")

    @property
    def missing(self) -> int:
        self.reads += 1
        raise AttributeError("inner")
