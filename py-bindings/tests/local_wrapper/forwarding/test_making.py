"""LocalWrapper: construction, and the class."""

import copy
import gc
import inspect
import pickle
import types
import weakref
from typing import Any

import pytest
from ft_utils.local import LocalWrapper
from helpers.objects import collected


def test_takes_exactly_one_object() -> None:
    make: Any = LocalWrapper
    obj = object()
    assert LocalWrapper(obj).wrapped is obj
    assert make(wrapped=obj).wrapped is obj
    assert LocalWrapper.__new__(LocalWrapper, obj).wrapped is obj
    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"wrapped": 1}), ((1,), {"other": 1})]:
        with pytest.raises(TypeError):
            make(*args, **kwargs)
    wrapper = LocalWrapper(obj)
    wrapper.__init__(3)  # type: ignore[misc]
    assert wrapper.wrapped is obj


def test_class() -> None:
    assert LocalWrapper.__name__ == LocalWrapper.__qualname__ == "LocalWrapper"
    assert LocalWrapper.__module__ == "ft_utils.local"
    assert LocalWrapper.__bases__ == (object,)
    assert LocalWrapper.__doc__
    assert pickle.loads(pickle.dumps(LocalWrapper)) is LocalWrapper
    assert inspect.getdoc(LocalWrapper.wrapped)
    assert str(inspect.signature(LocalWrapper)) == "(wrapped)"
    for attribute, value in vars(LocalWrapper).items():
        if isinstance(value, types.MethodDescriptorType):
            assert value.__qualname__ == f"LocalWrapper.{attribute}"
            assert value.__doc__
            assert "self" in inspect.signature(value).parameters
    with pytest.raises(TypeError):
        LocalWrapper.own = 1


def test_subscription() -> None:
    alias: Any = LocalWrapper[int]
    assert alias.__origin__ is LocalWrapper
    assert alias.__args__ == (int,)
    obj = types.SimpleNamespace()
    assert alias(obj).wrapped is obj
    assert vars(obj) == {}


def test_is_not_an_instance_of_the_wrapped_type() -> None:
    wrapper: Any = LocalWrapper(5)
    assert wrapper.__class__ is LocalWrapper
    assert not isinstance(wrapper, int)


def test_subclass() -> None:
    class Sub(LocalWrapper[Any]):
        __slots__ = ()

        def own(self) -> str:
            return "own"

    wrapper = Sub([1])
    assert wrapper.own() == "own"
    assert wrapper + LocalWrapper([2]) == LocalWrapper([1]) + Sub([2]) == [1, 2]
    assert wrapper.index(1) == 0
    assert repr(wrapper) == "<Sub: [1]>"
    assert type(copy.copy(wrapper)) is type(copy.deepcopy(wrapper)) is Sub


def test_weak_reference_is_to_the_wrapper() -> None:
    obj = {1}
    wrapper = LocalWrapper(obj)
    reference = weakref.ref(wrapper)
    proxy: Any = weakref.proxy(wrapper)
    assert reference() is wrapper
    assert proxy | {2} == {2} | proxy == LocalWrapper({2}) | proxy == {1, 2}
    del wrapper
    assert reference() is None


def test_cycle_is_collected() -> None:
    class Node:
        me: object

    node = Node()
    node.me = LocalWrapper(node)
    assert gc.is_tracked(node.me)
    assert node in gc.get_referents(node.me)
    reference = weakref.ref(node)
    del node
    assert collected(reference)
