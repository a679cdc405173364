"""LocalWrapper, attacked: subclasses."""

from collections import UserList

import pytest
from ft_utils.concurrency import ConcurrentDict
from ft_utils.local import LocalWrapper, get_local_wrapper, release_local_wrapper
from helpers.objects import Thing


def test_subclass_has_what_it_likes():
    class Sub(LocalWrapper):
        kind = "class attribute"

        def __init__(self, wrapped):
            self.by_init = "set on the wrapped object"

        def __call__(self, *args):
            return "mine", args

        def __add__(self, other):
            return "added"

        def __len__(self):
            return 42

        def __eq__(self, other):
            return self is other

        def __hash__(self):
            return 7

        @property
        def prop(self):
            return "property"

        @property
        def broken(self):
            raise AttributeError("inner")

        def method(self):
            return self.wrapped

    class Inner:
        kind = "hidden"
        other = "seen"
        broken = "found behind it"

        def __call__(self):
            return "theirs"

    obj = Inner()
    sub = Sub(obj)
    assert vars(obj) == vars(sub) == {"by_init": "set on the wrapped object"}
    assert (sub.kind, sub.other, sub.prop, sub.broken) == (
        "class attribute",
        "seen",
        "property",
        "found behind it",
    )
    assert sub(1) == ("mine", (1,))
    assert (sub + 1, len(sub), hash(sub), sub == obj, sub.method()) == ("added", 42, 7, False, obj)
    assert sub.__name__ if hasattr(obj, "__name__") else not hasattr(sub, "__name__")
    items = Sub(UserList([1]))
    items.append(2)
    assert items.wrapped == [1, 2]


@pytest.mark.parametrize("wrapped", [[1, 2], ConcurrentDict()])
def test_subclass_that_changes(wrapped):
    class Sub(LocalWrapper):
        pass

    name = "index" if isinstance(wrapped, list) else "get"
    sub = Sub(wrapped)
    for _ in range(2):
        for _ in range(3):
            assert getattr(sub, name)(1) == getattr(wrapped, name)(1)
        setattr(Sub, name, lambda self, key: "its own")
        assert getattr(sub, name)(1) == "its own"
        delattr(Sub, name)


def test_subclass_with_attribute_methods():
    class Logged(LocalWrapper):
        def __getattribute__(self, name):
            return f"got {name}"

    class Fallback(LocalWrapper):
        def __getattr__(self, name):
            return f"no {name}"

        def __setattr__(self, name, value):
            super().__setattr__(name.upper(), value)

    assert Logged([]).append == "got append"
    obj = Thing()
    wrapper = Fallback(obj)
    assert wrapper.nothing == "no nothing"
    wrapper.x = 5
    assert obj.X == wrapper.X == 5
    assert LocalWrapper.__getattribute__(Logged([1]), "index")(1) == 0


def test_subclass_that_dies():
    saved = []

    class Sub(LocalWrapper):
        def __del__(self):
            saved.append((self.wrapped, self + 1))

    Sub(5)
    assert saved == [(5, 6)]

    class Phoenix(LocalWrapper):
        def __del__(self):
            saved.append(self)

    Phoenix([1]).append(2)
    assert saved[-1].wrapped == [1, 2]
    assert saved.pop().index(2) == 1


def test_several_bases():
    class Mixin:
        def mixed(self):
            return self.wrapped

        mixin = "mixin"

    class One(LocalWrapper, Mixin):
        pass

    class Two(Mixin, LocalWrapper):
        __slots__ = ("slot",)

    for kind in (One, Two):
        assert kind(5).mixed() == 5
        assert kind(5).mixin == "mixin"
        assert kind(5) + 1 == 6
    with pytest.raises(AttributeError):
        _ = Two(5).slot


def test_new_and_init():
    with pytest.raises(TypeError):
        object.__new__(LocalWrapper)
    with pytest.raises(TypeError):
        LocalWrapper.__new__(int, 5)
    with pytest.raises(TypeError):
        LocalWrapper.__new__(LocalWrapper)
    with pytest.raises(TypeError):
        LocalWrapper.__add__(5, LocalWrapper(5))
    with pytest.raises(TypeError):
        LocalWrapper.__iadd__(5, 5)
    with pytest.raises(TypeError):
        LocalWrapper.__enter__(5)
    with pytest.raises((TypeError, AttributeError)):
        object.__setattr__(LocalWrapper(5), "x", 1)


def test_helpers():
    obj = object()
    wrapper = get_local_wrapper(obj)
    assert type(wrapper) is LocalWrapper
    assert wrapper.wrapped is obj
    assert get_local_wrapper(wrapped=obj).wrapped is obj
    assert release_local_wrapper(wrapper) is None
    with pytest.raises(TypeError):
        release_local_wrapper(obj)
