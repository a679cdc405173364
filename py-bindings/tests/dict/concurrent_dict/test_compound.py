"""ConcurrentDict: compare_exchange(), get_or_insert() and update_with()."""

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict
from helpers.threads import Task


def test_compare_exchange():
    d = ConcurrentDict(dictionary={"a": 1})
    assert d.compare_exchange("a", 1, 2) is True
    assert d.compare_exchange("a", 1, 3) is False
    assert d.compare_exchange("a", 2.0, 3) is True
    assert d.compare_exchange("a", MISSING, 4) is False
    assert d.compare_exchange("b", 1, 4) is False
    assert d.compare_exchange("b", MISSING, 4) is True
    assert d.compare_exchange("a", 3, MISSING) is True
    assert d.compare_exchange("a", MISSING, MISSING) is True
    assert d.compare_exchange("a", None, 1) is False
    assert d == {"b": 4}


def test_compare_exchange_compares_values():
    class Odd:
        def __eq__(self, other):
            raise LookupError

    odd = Odd()
    d = ConcurrentDict(dictionary={"a": odd})
    with pytest.raises(LookupError):
        d.compare_exchange("a", 1, 2)
    assert d["a"] is odd
    assert d.compare_exchange("a", odd, 2) is True


def test_compare_exchange_notices_changes():
    d = ConcurrentDict()

    class Sly:
        def __eq__(self, other):
            d["a"] = "other"
            return True

    d["a"] = Sly()
    assert d.compare_exchange("a", "mine", "new") is False
    assert d["a"] == "other"


def test_get_or_insert():
    d = ConcurrentDict(dictionary={"a": 1, "n": None})
    assert d.get_or_insert("a", lambda: 1 / 0) == 1
    assert d.get_or_insert("n", lambda: 1 / 0) is None
    assert d.get_or_insert("b", lambda: 2) == 2
    assert d["b"] == 2


def test_get_or_insert_passes_errors():
    d = ConcurrentDict()
    with pytest.raises(ZeroDivisionError):
        d.get_or_insert("a", lambda: 1 / 0)
    with pytest.raises(TypeError):
        d.get_or_insert("a", 5)
    assert "a" not in d
    assert d.get_or_insert("a", lambda: 1) == 1


def test_get_or_insert_refuses_itself():
    d = ConcurrentDict()
    with pytest.raises(RuntimeError, match="same key"):
        d.get_or_insert("a", lambda: d.get_or_insert("a", list))
    assert d.get_or_insert("a", lambda: d.get_or_insert("b", lambda: 1) + 1) == 2
    assert d == {"a": 2, "b": 1}


def test_factory_may_store_the_key():
    d = ConcurrentDict()
    assert d.get_or_insert("a", lambda: d.setdefault("a", 1) + 1) == 1
    assert d == {"a": 1}


def test_update_with():
    d = ConcurrentDict(dictionary={"a": 1})
    assert d.update_with("a", lambda value: value + 1) == 2
    assert d.update_with("b", lambda value: [*value, 1], []) == [1]
    assert d.update_with(key="b", function=len, default=0) == 1
    assert d == {"a": 2, "b": 1}
    with pytest.raises(ZeroDivisionError):
        d.update_with("a", lambda value: 1 / 0)
    with pytest.raises(TypeError):
        d.update_with("a", 3)
    assert d == {"a": 2, "b": 1}


def test_update_with_sees_other_writes():
    d = ConcurrentDict(dictionary={"a": 1})
    seen = []

    def function(value):
        seen.append(value)
        if len(seen) == 1:
            Task(d.__setitem__, "a", 10).result()
        return value + 1

    assert d.update_with("a", function) == 11
    assert seen == [1, 10]
