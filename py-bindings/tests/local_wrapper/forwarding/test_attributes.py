"""LocalWrapper: attributes are those of the wrapped object."""

import dataclasses
import math
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from .shared import Plain, name, outcome


def test_attributes_are_those_of_the_wrapped_object() -> None:
    obj = Plain()
    wrapper = LocalWrapper(obj)
    assert (wrapper.x, wrapper.shared, wrapper.static()) == (1, "class", "static")
    assert wrapper.method(1, a=2) == (obj, (1,), {"a": 2})
    assert wrapper.maker() is Plain
    wrapper.x = 8
    assert obj.x == 8
    wrapper.half = 2
    assert obj.x == 4 == 2 * wrapper.half
    wrapper.new = obj.x
    assert vars(wrapper) == vars(obj) == {"x": 4, "reads": 0, "new": 4}
    del wrapper.new
    assert not hasattr(obj, "new")
    assert getattr(wrapper, "new", 3) == 3
    assert wrapper.__module__ == Plain.__module__
    assert wrapper.__doc__ == Plain.__doc__


@pytest.mark.parametrize("attribute", ["missing", "broken"])
def test_getter_runs_once(attribute: str) -> None:
    obj = Plain()
    expected = outcome(getattr, obj, attribute)
    obj.reads = 0
    assert outcome(getattr, LocalWrapper(obj), attribute) == expected
    assert obj.reads == 1


def test_keyboard_interrupt_in_a_getter_is_not_swallowed() -> None:
    class Interrupted:
        @property
        def x(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _ = LocalWrapper(Interrupted()).x


@pytest.mark.parametrize("obj", [5, [], None, int, Plain(), math], ids=name)
def test_errors_of_attributes(obj: Any) -> None:
    wrapper = LocalWrapper(obj)
    assert outcome(getattr, wrapper, "nothing") == outcome(getattr, obj, "nothing")
    assert outcome(delattr, wrapper, "nothing") == outcome(delattr, obj, "nothing")
    if obj is not math and not isinstance(obj, Plain):
        assert outcome(setattr, wrapper, "nothing", 1) == outcome(setattr, obj, "nothing", 1)
    assert not hasattr(wrapper, "nothing")
    for access in (getattr, delattr):
        assert outcome(access, wrapper, 5) == outcome(access, obj, 5)
    with pytest.raises(AttributeError) as raised:
        _ = wrapper.nothing
    assert raised.value.obj is obj
    assert raised.value.__context__ is None


def test_wrapped_is_read_only() -> None:
    obj = Plain()
    wrapper: Any = LocalWrapper(obj)
    with pytest.raises(AttributeError):
        wrapper.wrapped = 5
    with pytest.raises(AttributeError):
        del wrapper.wrapped
    with pytest.raises(AttributeError):
        wrapper.__class__ = int
    assert vars(obj) == {"x": 1, "reads": 0}
    assert wrapper.wrapped is obj


def test_wrapped_object_decides_on_its_attributes() -> None:
    class Custom:
        def __init__(self) -> None:
            object.__setattr__(self, "log", [])

        def __getattribute__(self, attribute: str) -> Any:
            if attribute == "real":
                return "from __getattribute__"
            return object.__getattribute__(self, attribute)

        def __getattr__(self, attribute: str) -> str:
            return f"{attribute}?"

        def __setattr__(self, attribute: str, value: object) -> None:
            self.log.append((attribute, value))

        def __delattr__(self, attribute: str) -> None:
            self.log.append(attribute)

        def __dir__(self) -> list[str]:
            return ["listed"]

    wrapper = LocalWrapper(Custom())
    assert (wrapper.real, wrapper.other) == ("from __getattribute__", "other?")
    wrapper.x = 1
    del wrapper.y
    assert wrapper.log == [("x", 1), "y"]
    assert {"listed", "wrapped", "__add__"} <= set(dir(wrapper))


def test_frozen_dataclass_stays_frozen() -> None:
    @dataclasses.dataclass(frozen=True)
    class Frozen:
        x: int

    wrapper = LocalWrapper(Frozen(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        wrapper.x = 2
    assert dataclasses.replace(wrapper.wrapped, x=3) == Frozen(3)
