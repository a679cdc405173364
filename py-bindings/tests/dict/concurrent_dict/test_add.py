"""ConcurrentDict: add() and add_many()."""

from collections import Counter

import pytest
from ft_utils.concurrency import ConcurrentDict

from .shared import Failing


def test_add():
    d = ConcurrentDict()
    assert d.add("n") == 1
    assert d.add("n", 5) == 6
    assert d.add("n", -10) == -4
    assert type(d["n"]) is int
    assert d.add("f", 1.5) == 1.5
    assert d.add("f", 1) == 2.5
    assert d.add("t", (1,)) == (1,)
    assert d.add("t", (2,)) == (1, 2)
    d["b"] = True
    assert d.add("b") == 2
    d["s"] = "x"
    with pytest.raises(TypeError):
        d.add("s", 1)
    assert d["s"] == "x"


def test_add_beyond_64_bits():
    d = ConcurrentDict()
    for start, n in [(2**63 - 1, 1), (-(2**63), -1), (2**100, 1), (1, 2**100), (2**62, 2**62)]:
        d["n"] = start
        assert d.add("n", n) == start + n == d["n"]
        assert d.add("n", -n) == start == d["n"]
    del d["n"]
    assert [d.add("n", 2**62) for _ in range(4)] == [2**62 * n for n in range(1, 5)]
    d.add_many({"n": 2**70})
    assert d["n"] == 2**64 + 2**70


def test_counters_are_values():
    d = ConcurrentDict()
    d.add("a", 1000)
    d.add_many("ab")
    assert sorted(d.values()) == [1, 1001]
    assert d == {"a": 1001, "b": 1}
    assert d.compare_exchange("a", 1001, 5) is True
    assert d.update_with("b", lambda value: value * 10) == 10
    assert d.pop("b") == 10
    assert d.copy() == d.as_dict() == {"a": 5}
    assert repr(d) == "ConcurrentDict({'a': 5})"


def test_add_many():
    d = ConcurrentDict(dictionary={"a": 10, "f": 0.5})
    assert d.add_many("aab") is None
    assert d.add_many({"a": 5, "c": -1, "f": 1}) is None
    d.add_many(iter(["b"]))
    d.add_many([])
    d.add_many(Counter("aa"))
    d.add_many(ConcurrentDict(dictionary={"a": 100}))
    assert d == {"a": 119, "b": 2, "c": -1, "f": 1.5}
    for bad in (5, None):
        with pytest.raises(TypeError):
            d.add_many(bad)


def test_failed_source_adds_nothing():
    d = ConcurrentDict()
    with pytest.raises(LookupError):
        d.add_many(Failing())
    assert not d
