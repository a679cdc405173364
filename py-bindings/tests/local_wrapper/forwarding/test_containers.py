"""LocalWrapper: items and iterators."""

import copy
import operator
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Generator
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from .shared import name, outcome

CONTAINERS: list[Any] = [
    [1, 2],
    (1, 2),
    "12",
    b"12",
    {1: 2},
    OrderedDict({1: 2}),
    types.MappingProxyType({1: 2}),
    {1, 2},
    frozenset({1}),
    {1: 2}.items(),
    range(3),
    deque([1]),
    5,
    None,
]


@pytest.mark.parametrize("obj", CONTAINERS, ids=name)
@pytest.mark.parametrize("key", [0, 1, -1, 9, slice(0, 1), "1", [], None], ids=repr)
def test_items(obj: Any, key: Any) -> None:
    for function in (operator.getitem, operator.contains):
        assert outcome(function, LocalWrapper(obj), key) == outcome(function, obj, key)
        if key.__hash__:
            inner = LocalWrapper(LocalWrapper(obj))
            assert outcome(function, inner, key) == outcome(function, obj, key)
    changes: list[Any] = [(operator.setitem, (key, [7])), (operator.delitem, (key,))]
    for function, args in changes:
        try:
            one, two = copy.copy(obj), copy.copy(obj)
        except TypeError:
            continue
        assert outcome(function, LocalWrapper(one), *args) == outcome(function, two, *args)
        assert one == two


def test_membership_inserts_nothing() -> None:
    obj: defaultdict[str, int] = defaultdict(int)
    assert "a" not in LocalWrapper(obj)
    assert LocalWrapper("a") not in LocalWrapper(obj)
    assert not obj
    assert LocalWrapper("a") in LocalWrapper("abc")


def test_python_sequence() -> None:
    class Sequence:
        def __getitem__(self, index: Any) -> Any:
            if index in (0, 1, -7) or isinstance(index, slice):
                return index
            raise IndexError(index)

    wrapper = LocalWrapper(Sequence())
    assert (wrapper[-7], wrapper[1:2:3]) == (-7, slice(1, 2, 3))
    assert list(wrapper) == [0, 1]
    assert 1 in wrapper
    assert outcome(len, wrapper) == outcome(len, wrapper.wrapped)


def test_iteration() -> None:
    iterator = iter(LocalWrapper([1, 2]))
    assert type(iterator) is type(iter([]))
    first, *rest = LocalWrapper("abc")
    assert (first, rest) == ("a", ["b", "c"])
    assert list(reversed(LocalWrapper({1: 2, 3: 4}))) == [3, 1]
    assert sorted(LocalWrapper({2, 1})) == [1, 2]
    assert sum([LocalWrapper(1), LocalWrapper(2)]) == 3
    assert dict(LocalWrapper({"a": 1})) == dict(**LocalWrapper({"a": 1})) == {"a": 1}
    assert dict(LocalWrapper([("a", 1)])) == {"a": 1}
    assert operator.length_hint(LocalWrapper(iter([1, 2]))) == 2
    assert operator.length_hint(LocalWrapper([1])) == 1


def test_next() -> None:
    def generator() -> Generator[int, str, str]:
        received = yield 1
        return received

    wrapper = LocalWrapper(generator())
    assert next(wrapper) == 1
    with pytest.raises(StopIteration) as stop:
        wrapper.send("sent")
    assert stop.value.value == "sent"
    wrapper = LocalWrapper(generator())
    next(wrapper)
    with pytest.raises(StopIteration) as stop:
        next(wrapper)
    assert stop.value.value is None
    assert next(wrapper, "default") == "default"
    for obj in ([1], 5, "abc"):
        assert outcome(next, LocalWrapper(obj)) == outcome(next, obj)


def test_next_keeps_the_value_of_the_return() -> None:
    def generator() -> Generator[int, None, str]:
        yield from ()
        return "value"

    with pytest.raises(StopIteration) as stop:
        next(LocalWrapper(generator()))
    assert stop.value.value == "value"
