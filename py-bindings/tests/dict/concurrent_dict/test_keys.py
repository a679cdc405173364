"""ConcurrentDict: one key at a time."""

import sys

import pytest
from ft_utils.concurrency import MISSING, AtomicInt64, ConcurrentDict
from helpers.objects import without_address

from .shared import Key


def test_basic_operations():
    d = ConcurrentDict()
    assert not d
    d["a"] = 1
    d["b"] = None
    assert d["a"] == 1
    assert d["b"] is None
    assert "a" in d
    assert "c" not in d
    assert len(d) == 2
    assert d
    del d["a"]
    assert "a" not in d
    assert d.get("a") is None
    assert d.get("a", 5) == 5
    assert d.get("b", 5) is None


KEYS = [1, "x", None, (), (1, 2), b"x", 1.5, KeyError("k"), frozenset({1}), MISSING]


@pytest.mark.parametrize("key", KEYS, ids=without_address)
def test_key_error_has_the_key(key):
    d = ConcurrentDict()
    for call in (d.__getitem__, d.__delitem__, d.pop, lambda k: d.update_with(k, str)):
        with pytest.raises(KeyError) as caught:
            call(key)
        assert type(caught.value) is KeyError
        assert len(caught.value.args) == 1
        assert caught.value.args[0] is key


@pytest.mark.parametrize("key", KEYS, ids=without_address)
def test_any_key_does(key):
    d = ConcurrentDict()
    d[key] = "value"
    assert d[key] == "value"
    assert d.keys() == [key]
    assert d.pop(key) == "value"


def test_equal_keys_of_different_types():
    d, plain = ConcurrentDict(), {}
    for key in (1, 1.0, True, "1", b"1", (1,), 0, False, -0.0, 2**70, float(2**70), "a", b"a"):
        d[key] = plain[key] = key
        assert repr(d[key]) == repr(plain[key])
    assert sorted(map(repr, d.items())) == sorted(map(repr, plain.items()))
    assert d.get(1 + 0j) is plain[1]


def test_first_key_stays():
    one, other = Key("a"), Key("a")
    d = ConcurrentDict()
    d[one] = 1
    d[other] = 2
    assert d.keys()[0] is one
    assert d[other] == 2
    nan = float("nan")
    d[nan] = 3
    assert d[nan] == 3
    assert float("nan") not in d


def test_extreme_hashes():
    d = ConcurrentDict(4)
    hashes = [0, -1, -2, 1, 2**61 - 1, -(2**61 - 1), sys.maxsize, -sys.maxsize - 1]
    for hash in hashes:
        d[Key(hash, hash)] = hash
    assert [d[Key(hash, hash)] for hash in hashes] == hashes


def test_setdefault():
    d = ConcurrentDict()
    assert d.setdefault("a", 1) == 1
    assert d.setdefault("a", 2) == 1
    assert d.setdefault("b") is None
    assert d["b"] is None


def test_pop_and_popitem():
    d = ConcurrentDict(dictionary={"a": 1, "b": 2})
    assert d.pop("a") == 1
    assert d.pop("a", 7) == 7
    assert d.pop("a", None) is None
    assert d.popitem() == ("b", 2)
    with pytest.raises(KeyError, match="empty"):
        d.popitem()


def test_popitem_empties():
    d = ConcurrentDict(dictionary=dict.fromkeys(range(50)))
    assert sorted(d.popitem()[0] for _ in range(50)) == list(range(50))
    assert not d


def test_positional_only():
    d = ConcurrentDict()
    for call in (
        lambda: d.get(key=1),
        lambda: d.get(),
        lambda: d.get(1, 2, 3),
        lambda: d.setdefault(key=1),
        lambda: d.pop(),
        lambda: d.pop(1, 2, 3),
        lambda: d.pop(1, default=2),
        lambda: d.update({}, {}),
    ):
        with pytest.raises(TypeError):
            call()


UNHASHABLE = [[], {}, set(), AtomicInt64(), ConcurrentDict()]


@pytest.mark.parametrize("key", UNHASHABLE, ids=without_address)
def test_unhashable_keys_raise(key):
    d = ConcurrentDict(dictionary={1: 1})
    for call in (
        lambda: d[key],
        lambda: d.__setitem__(key, 1),
        lambda: d.__delitem__(key),
        lambda: key in d,
        lambda: d.get(key, 1),
        lambda: d.setdefault(key, 1),
        lambda: d.pop(key, 1),
        lambda: d.compare_exchange(key, 1, 2),
        lambda: d.get_or_insert(key, list),
        lambda: d.update_with(key, str, 1),
        lambda: d.add(key),
        lambda: d.add_many([key]),
        lambda: d.update([(key, 1)]),
        lambda: ConcurrentDict.fromkeys([key]),
    ):
        with pytest.raises(TypeError, match="unhashable"):
            call()
    assert d == {1: 1}
