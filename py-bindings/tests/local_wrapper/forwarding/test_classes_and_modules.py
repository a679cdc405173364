"""LocalWrapper: wrapped classes, modules and functions."""

import functools
import inspect
import math
import types
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from .shared import Plain


def test_wrapped_class() -> None:
    class Local(Plain):
        x: int

        @classmethod
        def own(cls) -> object:
            return cls

        def __len__(self) -> int:
            return 1

    wrapper: Any = LocalWrapper(Local)
    instance = wrapper()
    assert type(instance) is Local
    assert wrapper.own() is wrapper.maker() is Local
    assert wrapper.__name__ == "Local"
    assert wrapper.__bases__ == (Plain,)
    assert wrapper.__annotations__ == {"x": int}
    assert isinstance(instance, wrapper)
    assert not isinstance(5, wrapper)
    assert issubclass(Local, wrapper)
    assert len(instance) == 1
    wrapper.method = lambda self: "replaced"
    wrapper.__len__ = lambda self: 2
    assert instance.method() == "replaced"
    assert len(instance) == 2
    assert LocalWrapper(list)[int] == list[int]
    assert LocalWrapper(dict).fromkeys([1]) == {1: None}
    with pytest.raises(TypeError):
        wrapper.__class_getitem__(int)[str]
    with pytest.raises(TypeError):
        types.new_class("Derived", (wrapper,))


def test_wrapped_module_and_function() -> None:
    assert LocalWrapper(math).pi == math.pi

    def function(a: int, b: str = "") -> tuple[int, str]:
        """Documented."""
        return a, b

    wrapper = LocalWrapper(function)
    assert inspect.signature(wrapper) == inspect.signature(function)
    assert functools.partial(wrapper, 1)(b="x") == (1, "x")
    wrapping = functools.wraps(wrapper)(lambda: None)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        assert getattr(wrapping, attribute) == getattr(function, attribute)


def test_wrapper_in_a_class_is_not_bound() -> None:
    class Owner:
        function = LocalWrapper(lambda *args: args)
        prop = LocalWrapper(property(lambda self: 5))

    assert Owner().function(1) == (1,)
    assert type(Owner().prop) is LocalWrapper
