"""ConcurrentDict: update(), from every kind of source."""

from collections import ChainMap, UserDict
from types import MappingProxyType

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.objects import without_address

from .shared import Failing


class OnlyKeys:
    """An object that dict accepts as a mapping."""

    def keys(self):
        return iter("ab")

    def __getitem__(self, key):
        return key * 2


@pytest.mark.parametrize(
    "source",
    [
        {"a": "aa", "b": "bb"},
        ConcurrentDict(dictionary={"a": "aa", "b": "bb"}),
        [("a", "aa"), ["b", "bb"]],
        [("a", "aa"), ("b", "x"), ("b", "bb")],
        OnlyKeys(),
        UserDict({"a": "aa", "b": "bb"}),
        MappingProxyType({"a": "aa", "b": "bb"}),
        ChainMap({"a": "aa"}, {"b": "bb"}),
    ],
    ids=lambda source: type(source).__name__,
)
def test_update_takes_what_dict_takes(source):
    for update in (ConcurrentDict.update, ConcurrentDict.__ior__):
        d = ConcurrentDict(dictionary={"a": 0, "c": 1})
        update(d, source)
        assert d == {"a": "aa", "b": "bb", "c": 1}


def test_update_forms():
    d = ConcurrentDict()
    d.update()
    assert d.update(self=1, other=2, source=3) is None
    d.update({"x": 4}, x=5)
    assert d == {"self": 1, "other": 2, "source": 3, "x": 5}
    d.update(d)
    d |= d
    assert len(d) == 4
    d.update(zip("ab", range(2), strict=True))
    assert d["b"] == 1
    plain = {}
    plain.update(d)
    assert plain == d


class BadKeys:
    def keys(self):
        raise LookupError("no keys")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (BadKeys(), LookupError),
        (Failing(), LookupError),
        (5, TypeError),
        (None, TypeError),
        ([("a", 1), 5], TypeError),
        ([("a", 1), (1, 2, 3)], ValueError),
        ([("a", 1), ([], 2)], TypeError),
    ],
    ids=without_address,
)
def test_failed_update_changes_nothing(source, error):
    d = ConcurrentDict(dictionary={"a": 0})
    with pytest.raises(error):
        d.update(source)
    assert d == {"a": 0}
