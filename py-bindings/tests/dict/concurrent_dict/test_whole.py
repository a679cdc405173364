"""ConcurrentDict: copies, unions, equality and text."""

import collections.abc
from collections import ChainMap, Counter, UserDict

import pytest
from ft_utils.concurrency import ConcurrentDict

from .shared import Mine


def test_snapshots_are_lists():
    plain = {n: str(n) for n in range(40)}
    d = ConcurrentDict(3, plain)
    keys, values, items = d.keys(), d.values(), d.items()
    assert isinstance(keys, list)
    assert isinstance(values, list)
    assert isinstance(items, list)
    assert [plain[key] for key in keys] == values
    assert list(zip(keys, values, strict=True)) == items
    assert sorted(items) == sorted(plain.items())
    assert list(d) == keys
    assert type(d.as_dict()) is dict
    assert d.as_dict() == dict(d) == {**d} == plain
    d.clear()
    assert len(keys) == 40
    assert d.keys() == d.values() == d.items() == []


def test_copy_is_another():
    value = []
    d = ConcurrentDict(dictionary={"a": value})
    other = d.copy()
    assert type(other) is ConcurrentDict
    assert other == d
    assert other["a"] is value
    other["b"] = 1
    assert "b" not in d


def test_fromkeys():
    assert ConcurrentDict.fromkeys("ab") == {"a": None, "b": None}
    d = Mine.fromkeys(["a"], 1)
    assert type(d) is Mine
    assert d == {"a": 1}
    with pytest.raises(TypeError):
        ConcurrentDict.fromkeys(5)


def test_union():
    d = ConcurrentDict(dictionary={"a": 1, "b": 1})
    for union, expected in [
        (d | {"b": 2}, {"a": 1, "b": 2}),
        ({"b": 2} | d, {"a": 1, "b": 1}),
        (d | ConcurrentDict(dictionary={"c": 3}), {"a": 1, "b": 1, "c": 3}),
        (d | UserDict(b=2), {"a": 1, "b": 2}),
    ]:
        assert type(union) is ConcurrentDict
        assert union == expected
    assert d == {"a": 1, "b": 1}
    same_one = d
    d |= [("c", 3)]
    assert d is same_one
    assert d == {"a": 1, "b": 1, "c": 3}
    plain = {}
    plain |= d
    assert plain == d
    for other in (None, 3, [("c", 3)]):
        with pytest.raises(TypeError):
            d | other
        with pytest.raises(TypeError):
            other | d


def test_equality():
    nan = float("nan")
    d = ConcurrentDict(2, {"a": 1, "n": nan})
    assert d == ConcurrentDict(64, {"n": nan, "a": 1.0})
    assert d == {"a": 1, "n": nan}
    assert {"a": 1, "n": nan} == d
    assert d == Counter({"a": 1, "n": nan})
    assert d != {"a": 1}
    assert d != {"a": 1, "n": float("nan")}
    assert d != [("a", 1)]
    assert not d == None  # noqa: E711, SIM201
    with pytest.raises(TypeError):
        d < {}  # noqa: B015
    with pytest.raises(TypeError, match="unhashable"):
        hash(d)


def test_equality_may_raise():
    class Odd:
        def __eq__(self, other):
            raise LookupError

    with pytest.raises(LookupError):
        ConcurrentDict(dictionary={1: Odd()}) == {1: Odd()}  # noqa: B015


def test_is_a_mutable_mapping():
    d = ConcurrentDict(dictionary={"a": 1})
    assert isinstance(d, collections.abc.MutableMapping)
    assert issubclass(Mine, collections.abc.Mapping)
    for name in collections.abc.MutableMapping.__abstractmethods__:
        assert hasattr(d, name)
    match d:
        case {"a": value, **rest}:
            assert value == 1
            assert rest == {}
        case _:
            raise AssertionError("no mapping")
    assert ChainMap({}, d)["a"] == 1


def test_repr():
    d = ConcurrentDict(dictionary={"x": 1})
    assert repr(d) == str(d) == f"{d}" == "ConcurrentDict({'x': 1})"
    assert repr(Mine(dictionary={1: 2})) == "Mine({1: 2})"
    assert repr(ConcurrentDict()) == "ConcurrentDict({})"
    with pytest.raises(TypeError):
        format(d, "x")


def test_repr_of_cycles():
    d = ConcurrentDict()
    d["me"] = d
    assert repr(d) == "ConcurrentDict({'me': ConcurrentDict({...})})"
    d["me"] = [d]
    assert repr(d) == "ConcurrentDict({'me': [ConcurrentDict({...})]})"
    d.clear()


def test_failed_repr_can_be_repeated():
    class Odd:
        def __repr__(self):
            raise LookupError

    d = ConcurrentDict(dictionary={1: Odd()})
    for _ in range(2):
        with pytest.raises(LookupError):
            repr(d)
