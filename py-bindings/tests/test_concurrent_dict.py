"""ConcurrentDict: a dict that threads share."""

import collections.abc
import copy
import gc
import pickle
import sys
import threading
import weakref
from collections import ChainMap, Counter, UserDict
from types import MappingProxyType

import pytest
from ft_utils.concurrency import MISSING, AtomicInt64, ConcurrentDict
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support import Task, Thing, collected, flat, run_threads, wait_until, without_address


class Key:
    """A key that Python code hashes and compares, with a hash of choice."""

    def __init__(self, name, hash=7, on_eq=lambda: None):
        self.name, self.hash, self.on_eq = name, hash, on_eq

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        self.on_eq()
        return isinstance(other, Key) and self.name == other.name

    def __repr__(self):
        return f"Key({self.name})"


class Mine(ConcurrentDict):
    pass


# Making one


@pytest.mark.parametrize("capacity", [0, -1, 1, 2, 17, 1000, True, 2**40, AtomicInt64(4)])
def test_capacity_is_a_hint(capacity):
    for d in (ConcurrentDict(capacity), ConcurrentDict(initial_capacity=capacity)):
        assert len(d) == 0
        d.update((n, -n) for n in range(100))
        assert d.as_dict() == {n: -n for n in range(100)}


@pytest.mark.parametrize("capacity", [None, 1.0, "1", object()], ids=without_address)
def test_bad_capacity(capacity):
    with pytest.raises(TypeError, match="initial_capacity"):
        ConcurrentDict(capacity)


def test_huge_capacity_overflows():
    with pytest.raises(OverflowError):
        ConcurrentDict(2**64)


def test_starts_from_a_dict():
    class Odd(dict):
        def __getitem__(self, key):
            raise AssertionError("the storage is read, not this")

    source = {"a": 1, "b": 2}
    for d in (
        ConcurrentDict(4, source),
        ConcurrentDict(dictionary=source),
        ConcurrentDict(0, dictionary=Odd(source)),
    ):
        assert d == source
        d["c"] = 3
    assert source == {"a": 1, "b": 2}


def test_refuses_wrong_arguments():
    for args, kwargs in [((1, {}, 2), {}), ((), {"scaling": 3}), ((1,), {"initial_capacity": 2})]:
        with pytest.raises(TypeError):
            ConcurrentDict(*args, **kwargs)


# One key


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


# The whole


class OnlyKeys:
    """What dict takes for a mapping."""

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


class Failing:
    """Yields a pair, and fails."""

    def __iter__(self):
        yield "x", 1
        raise LookupError("no more")


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


# Iteration


def test_iterator_stays_exhausted():
    d = ConcurrentDict(dictionary={1: 1})
    iterator = iter(d)
    assert iter(iterator) is iterator
    assert list(iterator) == [1]
    d[2] = 2
    assert list(iterator) == []
    with pytest.raises(StopIteration):
        next(iterator)


def test_deleting_while_iterating():
    d = ConcurrentDict(4, {n: n for n in range(200)})
    seen = []
    for key in d:
        seen.append(key)
        del d[key]
    assert sorted(seen) == list(range(200))
    assert not d


def test_adding_while_iterating():
    d = ConcurrentDict(4, {n: n for n in range(50)})
    seen = []
    for key in d:
        seen.append(key)
        if len(d) < 500:
            d[len(d)] = 0
    assert len(seen) == len(set(seen))
    assert set(range(50)) <= set(seen)


def test_iterator_keeps_dict_alive():
    iterator = iter(ConcurrentDict(dictionary={1: 1, 2: 2}))
    assert sorted(iterator) == [1, 2]
    reference = weakref.ref(iterator)
    del iterator
    assert reference() is None


# Compound operations


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


OWN_CHANGES = {
    "set": lambda d: d.__setitem__("n", 5),
    "set another way": lambda d: ConcurrentDict.__setitem__(d.handle(), Name("n"), 5),
    "delete": lambda d: d.__delitem__("n"),
    "pop": lambda d: d.pop("n"),
    "pop with a default": lambda d: d.pop(Name("n"), None),
    "popitem": lambda d: (d.pop("m"), d.popitem()),
    "clear": lambda d: d.clear(),
    "update": lambda d: d.update(n=5),
    "merge": lambda d: d.__ior__({"n": 5}),
    "add": lambda d: d.add("n"),
    "add a float": lambda d: d.add("n", 0.5),
    "add many": lambda d: d.add_many(["n"]),
    "exchange": lambda d: d.compare_exchange("n", 0, 5),
    "remove": lambda d: d.compare_exchange("n", 0, MISSING),
    "update one": lambda d: d.update_with("n", lambda n: n + 1),
    "remove and make": lambda d: (d.pop("n"), d.get_or_insert("n", lambda: 5)),
    "remove and default": lambda d: (d.pop("n"), d.setdefault("n", 5)),
}


class Name(str):
    """For the calls that are not made for a str."""

    __slots__ = ()


@pytest.mark.parametrize("change", OWN_CHANGES.values(), ids=OWN_CHANGES.keys())
def test_function_may_not_change_its_key(change):
    d, calls = ConcurrentDict({"n": 0, "m": 0}), []

    def function(value):
        calls.append(value)
        change(d)
        return value + 1

    class Summand:
        def __radd__(self, value):
            return function(value)

    for call in (
        lambda: d.update_with("n", function),
        lambda: d.add("n", Summand()),
        lambda: d.add_many({"n": Summand()}),
    ):
        d.update(n=0, m=0)
        calls.clear()
        with pytest.raises(RuntimeError, match="changed the value that it was called to update"):
            call()
        assert calls == [0]
    # A default is for a key that is missing, which it must be in the end.
    d.clear()
    with pytest.raises(RuntimeError, match="changed the value"):
        d.update_with("n", lambda value: d.setdefault("n", value), 1)
    assert d == {"n": 1}


def test_function_may_use_the_dictionary():
    d = ConcurrentDict({"n": 1})

    def function(value):
        d["other"] = d.get_or_insert("third", lambda: len(d))
        d.update_with("other", lambda other: other + d["n"])
        d.setdefault("n", 5)
        d.compare_exchange("n", "not that", 5)
        d.pop("none", None)
        return value + d.add("sum")

    assert d.update_with("n", function) == 2
    assert d.update_with("n", lambda n: d.__setitem__("n", n) or n + 1) == 3
    assert d == {"n": 3, "other": 2, "third": 1, "sum": 1}


def test_comparison_may_not_change_its_key_for_ever():
    d, calls = ConcurrentDict(), []

    class Mover:
        def __eq__(self, other):
            calls.append(1)
            d["key"] = Mover()
            return True

    d["key"] = Mover()
    with pytest.raises(RuntimeError, match="again and again"):
        d.compare_exchange("key", "expected", "new")
    assert len(calls) < 1000


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


# Hostile objects


def test_hash_may_raise():
    class Odd:
        def __hash__(self):
            raise LookupError

    d = ConcurrentDict(dictionary={1: 1})
    for call in (d.__getitem__, d.get, d.pop, d.__contains__, d.add, d.__delitem__):
        with pytest.raises(LookupError):
            call(Odd())


def test_hash_is_called_once():
    calls = []

    class Counted:
        def __hash__(self):
            calls.append(1)
            return 5

    d, key = ConcurrentDict(), Counted()
    for call in (
        lambda: d.__setitem__(key, 1),
        lambda: d[key],
        lambda: d.get(key),
        lambda: d.setdefault(key, 1),
        lambda: d.add(key, 1),
        lambda: d.get_or_insert(key, list),
        lambda: d.compare_exchange(key, 2, 3),
        lambda: d.update_with(key, abs),
        lambda: d.pop(key),
    ):
        calls.clear()
        call()
        assert len(calls) == 1


def each_call(d, key):
    """Every operation on one key."""
    return [
        lambda: d[key],
        lambda: d.__setitem__(key, 1),
        lambda: d.__delitem__(key),
        lambda: key in d,
        lambda: d.get(key),
        lambda: d.setdefault(key, 1),
        lambda: d.pop(key, None),
        lambda: d.update([(key, 1)]),
        lambda: d.add(key, 1),
        lambda: d.add_many([key]),
        lambda: d.compare_exchange(key, 1, 2),
        lambda: d.get_or_insert(key, lambda: 1),
        lambda: d.update_with(key, abs, 1),
    ]


def test_equality_of_keys_may_raise():
    def fail():
        raise LookupError("from __eq__")

    d = ConcurrentDict()
    d[Key("stored", on_eq=fail)] = 5
    for call in each_call(d, Key("probe")):
        with pytest.raises(LookupError, match="from __eq__"):
            call()
    assert d.values() == [5]


@pytest.mark.parametrize("index", range(13))
@pytest.mark.parametrize("other", ["clear", "popitem", "grow", "replace", "read"])
def test_equality_may_change_the_dict(index, other):
    d = ConcurrentDict(2)
    calls = []

    def interfere():
        calls.append(1)
        if len(calls) > 3:
            return
        if other == "clear":
            d.clear()
        elif other == "popitem" and d:
            d.popitem()
        elif other == "grow":
            for n in range(100):
                d[Key(("more", len(calls), n), hash=n + 100)] = n
        elif other == "replace":
            d.clear()
            d[Key("probe", on_eq=interfere)] = 7
        elif other == "read":
            d.get(Key("third"))
            repr(d)

    stored = Key("stored", on_eq=interfere)
    d[stored] = 5
    try:
        each_call(d, Key("probe"))[index]()
    except KeyError:
        assert index in (0, 2)
    assert calls
    assert len(d.keys()) == len(d)
    d.clear()


def test_comparison_may_delete_the_key():
    d = ConcurrentDict()
    key = Key("a")
    key.on_eq = lambda: d.pop(key, None)
    d[key] = 1
    # The verdict was about a key that has gone meanwhile.
    d[Key("a")] = 2
    assert len(d) == 1
    assert d.values() == [2]


def test_keys_with_one_hash():
    d = ConcurrentDict(8)
    for n in range(60):
        d[Key(n)] = n
    assert len(d) == 60
    assert [d[Key(n)] for n in range(60)] == list(range(60))
    for n in range(0, 60, 2):
        del d[Key(n)]
    assert sorted(d.values()) == list(range(1, 60, 2))


REMOVALS = {
    "replace": lambda d: d.__setitem__("k", None),
    "delete": lambda d: d.__delitem__("k"),
    "pop": lambda d: d.pop("k") and None,
    "popitem": lambda d: d.popitem() and None,
    "clear": lambda d: d.clear(),
    "update": lambda d: d.update(k=None),
    "merge": lambda d: d.__ior__({"k": None}) and None,
    "update_with": lambda d: d.update_with("k", lambda value: None),
    "compare_exchange": lambda d: d.compare_exchange("k", d["k"], MISSING),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_values_die_promptly(remove):
    d = ConcurrentDict()
    d["k"] = Thing()
    reference = weakref.ref(d["k"])
    remove(d)
    assert reference() is None


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_death_may_use_the_dict(remove):
    d = ConcurrentDict(2)
    sizes = []

    def at_death():
        for n in range(50):
            d[n] = n
        sizes.append(len(d.keys()))
        d.clear()

    d["k"] = Thing(at_death)
    remove(d)
    assert len(sizes) == 1
    assert sizes[0] >= 50


def test_keys_die_promptly():
    d = ConcurrentDict()
    key = Key("a")
    reference = weakref.ref(key)
    d[key] = 1
    del key
    assert reference() is not None
    d[Key("a")] = 2
    assert reference() is not None
    del d[Key("a")]
    assert reference() is None
    key = Key("unused")
    reference = weakref.ref(key)
    d.get(key), d.pop(key, None), key in d, d.compare_exchange(key, 1, 2)
    del key
    assert reference() is None


def test_dict_of_the_dead_drops_values():
    reference = None

    def work():
        nonlocal reference
        d = ConcurrentDict(dictionary={n: Thing() for n in range(10)})
        reference = [weakref.ref(value) for value in d.values()]

    work()
    assert [one() for one in reference] == [None] * 10


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    key, value, default = Key("k"), object(), object()
    d = ConcurrentDict()

    def work():
        d[key] = value
        d[key] = value
        d[Key("k")] = value
        d.get(key), d[key], key in d, d.setdefault(key, default), d.get(1, default)
        d.keys(), d.values(), d.items(), d.as_dict(), list(d), d.copy(), d == d.as_dict()
        d.compare_exchange(key, value, default)
        d.compare_exchange(key, value, default)
        d.compare_exchange(key, default, value)
        d.get_or_insert(key, lambda: default)
        d.update_with(key, lambda old: value, default)
        d.update({key: value}), d.update(d)
        d | d, d.handle()[key]
        d.pop(key), d.pop(key, default)
        d.get_or_insert(key, lambda: value)
        d.update_with(Key("other"), lambda old: value, default)
        d.popitem(), d.popitem()

    work()
    gc.collect()
    before = [sys.getrefcount(one) for one in (key, value, default)]
    for _ in range(100):
        work()
    gc.collect()
    assert [sys.getrefcount(one) for one in (key, value, default)] == before


# As an object


def test_handle_shares_content():
    d = ConcurrentDict(dictionary={"a": 1})
    handle = d.handle()
    handle["b"] = 2
    assert d["b"] == 2
    assert handle == d
    other = handle.handle()
    del d, handle
    gc.collect()
    assert other == {"a": 1, "b": 2}
    other.clear()
    assert not other


def test_handle_of_subclass():
    mine = Mine(dictionary={1: 1})
    mine.name = "n"
    handle = mine.handle()
    assert isinstance(handle, ConcurrentDict)
    handle[2] = 2
    assert len(mine) == 2


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handles_survive_their_owner():
    d = ConcurrentDict()
    d["thing"] = Thing()
    d["me"] = d
    reference = weakref.ref(d["thing"])
    handle = d.handle()
    del d
    gc.collect()
    assert reference() is not None
    assert isinstance(handle["thing"], Thing)
    del handle
    assert collected(reference)


def into_value(d):
    d["me"] = d


def into_key(d):
    key = Key("me")
    key.itself = d
    d[key] = 1


def into_handle(d):
    d["me"] = d.handle()


def into_own_handle(d):
    handle = d.handle()
    handle["me"] = handle.handle()


def into_iterator(d):
    d["me"] = iter(d)


def into_started_iterator(d):
    d["more"] = 1
    iterator = iter(d)
    next(iterator)
    d["me"] = iterator


def into_attribute(d):
    if type(d) is Mine:
        d.itself = d
    else:
        d["me"] = [d]


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [ConcurrentDict, Mine])
@pytest.mark.parametrize(
    "tie",
    [
        into_value,
        into_key,
        into_handle,
        into_own_handle,
        into_iterator,
        into_started_iterator,
        into_attribute,
    ],
)
def test_cycles_are_collected(kind, tie):
    d = kind()
    d["thing"] = Thing()
    reference = weakref.ref(d["thing"])
    tie(d)
    del d
    assert reference() is not None
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    d = ConcurrentDict()
    handles = [d.handle() for _ in range(5)]
    for n in range(100):
        d[n] = [Thing(), d]
        d[Key(n)] = handles[n % 5]
    iterator = iter(d)
    next(iterator)
    for _ in range(5):
        gc.collect()
    assert len(d) == 200
    assert all(isinstance(handles[n % 5][n][0], Thing) for n in range(100))
    assert len(list(iterator)) == 199
    assert gc.is_tracked(d)
    d.clear()


def test_weak_reference():
    d = ConcurrentDict()
    reference = weakref.ref(d)
    assert reference() is d
    del d
    assert reference() is None


def test_subscription():
    alias = ConcurrentDict[int, str]
    assert alias.__origin__ is ConcurrentDict
    assert alias.__args__ == (int, str)
    assert alias(4, {1: "a"}) == {1: "a"}


def test_no_copies():
    for d in (ConcurrentDict(), Mine()):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*copy\(\)"):
            copy.copy(d)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(d)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(d, protocol)
    for call in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError):
            call(iter(ConcurrentDict()))


def test_subclass():
    class Default(ConcurrentDict):
        def __init__(self, *args, **kwargs):
            self.misses = 0

        def __getitem__(self, key):
            try:
                return super().__getitem__(key)
            except KeyError:
                self.misses += 1
                return "default"

    d = Default(4, {"a": 1})
    assert d["a"] == 1
    assert d["b"] == "default"
    assert d.misses == 1
    with pytest.raises(AttributeError):
        ConcurrentDict().name = "x"


# Against dict


class LikeDict(RuleBasedStateMachine):
    """Whatever is done to both, they hold the same."""

    keys = st.sampled_from(
        [0, 1, True, 1.0, -1, -2, "a", "b", b"a", None, (), (1,), 2**70, 1.5]
    ) | st.builds(Key, st.integers(0, 3), st.integers(0, 1))
    values = st.integers(-3, 3)

    def __init__(self):
        super().__init__()
        self.ours, self.plain = ConcurrentDict(2), {}

    def both(self, call):
        outcomes = []
        for d in (self.ours, self.plain):
            try:
                outcomes.append((call(d), None))
            except KeyError as error:
                outcomes.append((None, repr(error.args)))
        assert outcomes[0] == outcomes[1]

    @rule(key=keys, value=values)
    def write(self, key, value):
        self.both(lambda d: d.__setitem__(key, value))

    @rule(key=keys, value=values)
    def read(self, key, value):
        self.both(lambda d: (key in d, d.get(key), d.get(key, value)))
        self.both(lambda d: d[key])

    @rule(key=keys)
    def delete(self, key):
        self.both(lambda d: d.__delitem__(key))

    @rule(key=keys, value=values)
    def pop(self, key, value):
        self.both(lambda d: d.pop(key, value))
        self.both(lambda d: d.pop(key))

    @rule(key=keys, value=values)
    def setdefault(self, key, value):
        self.both(lambda d: d.setdefault(key, value))

    @rule(items=st.lists(st.tuples(keys, values), max_size=6))
    def update(self, items):
        self.both(lambda d: d.update(items))

    @rule(items=st.lists(st.tuples(keys, values), max_size=6))
    def merge(self, items):
        self.both(lambda d: (d | dict(items)) == dict([*d.items(), *items]))
        self.both(lambda d: d.__ior__(items) is d)

    @rule()
    def popitem(self):
        if self.plain:
            key, value = self.ours.popitem()
            assert self.plain.pop(key) == value

    @rule(key=keys, n=values)
    def add(self, key, n):
        self.plain[key] = self.plain.get(key, 0) + n
        assert self.ours.add(key, n) == self.plain[key]

    @rule(keys=st.lists(keys, max_size=6))
    def add_many(self, keys):
        self.ours.add_many(keys)
        for key in keys:
            self.plain[key] = self.plain.get(key, 0) + 1

    @rule(key=keys, expected=values | st.just(MISSING), new=values | st.just(MISSING))
    def compare_exchange(self, key, expected, new):
        matches = self.plain.get(key, MISSING) == expected
        assert self.ours.compare_exchange(key, expected, new) is matches
        if matches and new is MISSING:
            self.plain.pop(key, None)
        elif matches:
            self.plain[key] = new

    @rule(key=keys, value=values)
    def get_or_insert(self, key, value):
        expected = self.plain.setdefault(key, value)
        assert self.ours.get_or_insert(key, lambda: value) == expected

    @rule(key=keys, default=values)
    def update_with(self, key, default):
        self.plain[key] = -self.plain.get(key, default)
        assert self.ours.update_with(key, lambda v: -v, default) == self.plain[key]

    @rule(counts=st.dictionaries(keys, values, max_size=4))
    def add_counts(self, counts):
        self.ours.add_many(counts)
        for key, n in counts.items():
            self.plain[key] = self.plain.get(key, 0) + n

    @rule(items=st.dictionaries(keys, values, max_size=4))
    def merge_into_other(self, items):
        self.both(lambda d: (items | d) == {**items, **dict(d.items())})

    @rule(keys=st.lists(keys, max_size=6), value=values)
    def make_anew(self, keys, value):
        self.ours, self.plain = ConcurrentDict.fromkeys(keys, value), dict.fromkeys(keys, value)

    @rule()
    def copy(self):
        old, self.ours = self.ours, self.ours.copy()
        old.clear()

    @rule()
    def go_on_with_a_handle(self):
        self.ours = self.ours.handle()

    @rule()
    def clear(self):
        self.both(lambda d: d.clear())

    @invariant()
    def same_views(self):
        assert self.ours.as_dict() == self.plain
        assert sorted(map(repr, self.ours.keys())) == sorted(map(repr, self.plain.keys()))
        assert sorted(map(repr, self.ours.values())) == sorted(map(repr, self.plain.values()))
        assert sorted(map(repr, self.ours.items())) == sorted(map(repr, self.plain.items()))

    @invariant()
    def same(self):
        assert self.ours == self.plain
        assert len(self.ours) == len(self.plain)
        assert bool(self.ours) is bool(self.plain)
        # The same keys, not only equal ones.
        assert sorted(map(repr, self.ours)) == sorted(map(repr, self.plain))


TestLikeDict = LikeDict.TestCase


# Threads

THREADS, ROUNDS = 4, 1000


@pytest.mark.parametrize("key", [lambda n: n, str, lambda n: (n,), Key], ids=without_address)
def test_counters_are_exact(key):
    d = ConcurrentDict()

    def work(index):
        mine = d.handle() if index % 2 else d
        for n in range(ROUNDS):
            mine.add(key(n % 10))
            if n % 10 == 0:
                mine.add_many([key(m) for m in range(10)])
                mine.add_many({key(m): 2 for m in range(10)})
            mine.update_with(key(n % 10), lambda value: value + 1, 0)

    run_threads(THREADS, work)
    assert len(d) == 10
    assert set(d.values()) == {THREADS * ROUNDS // 10 * 5}


def test_compare_exchange_counts_exactly():
    d = ConcurrentDict()

    def work(_):
        for _ in range(ROUNDS):
            while True:
                seen = d.get("n", MISSING)
                new = 1 if seen is MISSING else seen + 1
                if d.compare_exchange("n", seen, new):
                    break

    run_threads(THREADS, work)
    assert d == {"n": THREADS * ROUNDS}


@pytest.mark.parametrize("key", [str, lambda n: Key(n)], ids=["str", "Key"])
def test_one_setdefault_wins(key):
    d = ConcurrentDict()

    def work(index):
        return [d.setdefault(key(n), (index, n)) for n in range(ROUNDS // 10)]

    results = run_threads(THREADS, work)
    assert all(result == results[0] for result in results)
    assert sorted(d.values()) == sorted(results[0])


@pytest.mark.parametrize("key", [str, lambda n: Key(n)], ids=["str", "Key"])
def test_one_pop_wins(key):
    d = ConcurrentDict(dictionary={key(n): n for n in range(ROUNDS // 10)})

    def work(_):
        return [d.pop(key(n), None) for n in range(ROUNDS // 10)]

    won = [n for result in run_threads(THREADS, work) for n in result if n is not None]
    assert sorted(won) == list(range(ROUNDS // 10))
    assert not d


def test_one_popitem_wins():
    d = ConcurrentDict(dictionary=dict.fromkeys(range(ROUNDS)))

    def work(_):
        won = []
        while True:
            try:
                won.append(d.popitem()[0])
            except KeyError:
                return won

    won = flat(run_threads(THREADS, work))
    assert sorted(won) == list(range(ROUNDS))


@pytest.mark.parametrize("key", [str, lambda n: Key(n)], ids=["str", "Key"])
def test_factory_runs_once(key):
    d, calls = ConcurrentDict(), AtomicInt64()

    def factory():
        return (calls.incr(),)

    def work(_):
        return [d.get_or_insert(key(n), factory) for n in range(ROUNDS // 5)]

    results = run_threads(THREADS, work)
    assert calls == ROUNDS // 5
    for others in results[1:]:
        assert all(one is other for one, other in zip(results[0], others, strict=True))


def test_followers_wait_for_the_leader():
    d, entered, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        entered.set()
        assert go.wait(30)
        return "value"

    leader = Task(d.get_or_insert, "k", factory)
    assert entered.wait(30)
    followers = [Task(d.get_or_insert, "k", lambda: 1 / 0).until_asleep() for _ in range(3)]
    # Other keys, and other operations on this one, do not wait.
    assert d.get_or_insert("other", lambda: 1) == 1
    assert d.get("k") is None
    assert not any(follower.is_done() for follower in followers)
    go.set()
    assert leader.result() == "value"
    assert [follower.result() for follower in followers] == ["value"] * 3


def test_follower_takes_over():
    d, entered, go = ConcurrentDict(), threading.Event(), threading.Event()

    def fail():
        entered.set()
        assert go.wait(30)
        raise LookupError("the leader")

    leader = Task(d.get_or_insert, "k", fail)
    assert entered.wait(30)
    calls = AtomicInt64()
    followers = [Task(d.get_or_insert, "k", calls.incr).until_asleep() for _ in range(3)]
    go.set()
    with pytest.raises(LookupError, match="the leader"):
        leader.result()
    assert [follower.result() for follower in followers] == [1, 1, 1]
    assert calls == 1


def test_leader_keeps_what_others_stored():
    d, entered, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        entered.set()
        assert go.wait(30)
        return "mine"

    leader = Task(d.get_or_insert, "k", factory)
    assert entered.wait(30)
    d["k"] = "theirs"
    assert d.get_or_insert("k", lambda: 1 / 0) == "theirs"
    go.set()
    assert leader.result() == "theirs"
    assert d["k"] == "theirs"


def churn(d, stop, key):
    """Add and delete keys until told to stop."""
    while not stop.is_set():
        for n in range(100):
            d[key(n)] = [n]
        for n in range(100):
            d.pop(key(n), None)


READERS = {
    "iteration": lambda d: [key for key in d],  # noqa: C416
    "list": list,
    "update": lambda d: ConcurrentDict().update(d),
    "union": lambda d: d | d,
    "plain union": lambda d: {} | d,
    "copy": lambda d: d.copy(),
    "items": lambda d: d.items(),
    "keys and values": lambda d: (d.keys(), d.values()),
    "equality": lambda d: (d == d.copy(), d == {}),
    "repr": repr,
    "length": lambda d: (len(d), bool(d)),
    "as_dict": lambda d: d.as_dict(),
    "popitem": lambda d: d.popitem() if len(d) > 150 else None,
}


@pytest.mark.parametrize("key", [int, Key], ids=["int", "Key"])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_reading_while_others_delete(read, key):
    d, stop = ConcurrentDict(4), threading.Event()
    writers = [Task(churn, d, stop, key) for _ in range(2)]
    try:
        for _ in range(25):
            read(d)
    finally:
        stop.set()
    for writer in writers:
        writer.result()


@pytest.mark.parametrize("read", [dict, lambda d: {**d}, lambda d: {}.update(d)])
def test_builtin_copies_while_others_delete(read):
    # These list the keys and then look up each, which we cannot change; as_dict() never raises.
    d, stop = ConcurrentDict(4), threading.Event()
    writer = Task(churn, d, stop, int)
    try:
        for _ in range(40):
            try:
                read(d)
            except KeyError as error:
                assert type(error.args[0]) is int
    finally:
        stop.set()
    writer.result()


def test_iteration_sees_what_stays():
    d, stop = ConcurrentDict(4), threading.Event()
    lasting = {f"stays {n}" for n in range(50)}
    d.update(dict.fromkeys(lasting))
    writer = Task(churn, d, stop, lambda n: n)
    try:
        for _ in range(100):
            for keys in (list(d), d.keys(), [key for key, _ in d.items()]):
                assert len(set(keys)) == len(keys)
                assert lasting <= set(keys)
    finally:
        stop.set()
    writer.result()


def test_one_iterator_in_many_threads():
    d = ConcurrentDict(8, dict.fromkeys(range(ROUNDS)))
    iterator = iter(d)
    seen = flat(run_threads(THREADS, lambda _: list(iterator)))
    assert sorted(seen) == list(range(ROUNDS))


def test_equal_hashes_in_many_threads():
    d = ConcurrentDict()

    def work(index):
        for round in range(20):
            for n in range(12):
                d[Key((index, n))] = round
                d[Key("shared")] = index
            for n in range(12):
                assert d.pop(Key((index, n))) == round
        return True

    assert all(run_threads(THREADS, work))
    assert d.keys() == [Key("shared")]


def test_clear_while_others_write():
    d, alive = ConcurrentDict(4), AtomicInt64()

    def work(index):
        for n in range(ROUNDS // 2):
            alive.incr()
            d[n % 50] = Thing(alive.decr)
            if index == 0 and n % 10 == 0:
                d.clear()

    run_threads(THREADS, work)
    d.clear()
    assert not d
    wait_until(lambda: alive == 0)


def test_source_that_others_write():
    source, stop = {}, threading.Event()

    def churn_plain():
        n = 0
        while not stop.is_set():
            n += 1
            source[n % 1000] = n

    writer = Task(churn_plain)
    try:
        for _ in range(50):
            d = ConcurrentDict(dictionary=source)
            assert len(d) <= 1000
    finally:
        stop.set()
    writer.result()


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    d, stop = ConcurrentDict(4), threading.Event()

    def work(mine):
        n = 0
        while not stop.is_set():
            n += 1
            mine[Key(n % 60, hash=n % 7)] = [mine, Thing()]
            mine.get_or_insert(n % 50, lambda: [iter(mine)])
            mine.pop(Key((n * 7) % 60, hash=(n * 7) % 7), None)
            mine.add("count")
            if n % 100 == 0:
                mine.clear()
            for _ in zip(range(3), mine, strict=False):
                pass

    tasks = [Task(work, d.handle()) for _ in range(2)]
    try:
        for _ in range(30):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    lists = [value for value in d.values() if isinstance(value, list)]
    assert all(sys.getrefcount(value) < 100 for value in lists)
    del lists
    thing = Thing()
    reference = weakref.ref(thing)
    d["thing"] = thing
    del thing, tasks, task, d
    assert collected(reference)


def test_contents_of_many_dicts():
    def work(index):
        for _ in range(200):
            d = ConcurrentDict(dictionary={n: [n] for n in range(20)})
            handle = d.handle()
            del d
            handle[index] = handle
            handle.clear()
            handle.update(zip("abc", [handle] * 3, strict=True))
            handle.clear()
        return True

    assert all(run_threads(THREADS, work))
