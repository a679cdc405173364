"""Harm: keys, values and functions that change the dictionary."""

import gc
from decimal import Decimal

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict
from helpers.threads import run_threads

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")

FAR = 2**63


class Clash:
    """Has the hash of all the others, and is equal to none of them."""

    def __hash__(self):
        return 1


def test_many_keys_with_one_hash():
    keys = [Clash() for _ in range(700)]
    d = ConcurrentDict(dictionary=dict.fromkeys(keys))
    assert len(d) == len(keys)
    assert all(key in d for key in keys)
    assert Clash() not in d


def test_first_equal_key_ends_the_comparisons():
    asked = []

    class Asked:
        def __init__(self, name):
            self.name = name

        def __hash__(self):
            return 1

        def __eq__(self, other):
            asked.append(self.name)
            return self.name == other.name

    d = ConcurrentDict()
    for name in range(50):
        d[Asked(name)] = name
    for name in range(50):
        asked.clear()
        assert d[Asked(name)] == name
        assert len(asked) == len(set(asked))
        assert name in asked
    asked.clear()
    assert Asked(50) not in d
    assert sorted(asked) == list(range(50))


def test_equality_that_always_stores_another():
    d, budget = ConcurrentDict(), iter(range(200))

    class Breeder:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            if next(budget, None) is not None:
                d[Breeder()] = 0
            return False

    for _ in range(3):
        d[Breeder()] = 1
    assert next(budget, None) is None
    assert len(list(d)) == len(d) == len(d.keys()) > 3


def test_equality_that_clears_and_collects():
    d = ConcurrentDict()

    class Vandal(Clash):
        def __eq__(self, other):
            d.clear()
            gc.collect()
            return True

        __hash__ = Clash.__hash__

    for call in (
        lambda: d.get(Vandal()),
        lambda: d.setdefault(Vandal(), 1),
        lambda: d.pop(Vandal(), None),
        lambda: d.add(Vandal()),
        lambda: d.update_with(Vandal(), lambda v: v, 1),
        lambda: d.compare_exchange(Vandal(), 0, 1),
        lambda: d.get_or_insert(Vandal(), list),
        lambda: d.update({Vandal(): 2}),
        lambda: d.add_many([Vandal()]),
        lambda: Vandal() in d,
    ):
        d.clear()
        d[Vandal()] = 0
        call()
        assert len(d) <= 1


def test_values_may_change_the_dict_while_compared():
    d = ConcurrentDict()

    class Mover:
        def __eq__(self, other):
            d["key"] = Mover() if d["key"] is self and next(moves, None) else other
            return True

    moves = iter(range(1, 5))
    d["key"] = Mover()
    assert d.compare_exchange("key", "expected", "new")
    assert d["key"] == "new"
    assert list(moves) == []


def test_compare_exchange_of_presence():
    d = ConcurrentDict()
    assert d.compare_exchange("k", MISSING, MISSING)
    assert "k" not in d
    assert not d.compare_exchange("k", 1, MISSING)
    assert not d.compare_exchange("k", 1, 2)
    assert d.compare_exchange("k", MISSING, 1)
    assert not d.compare_exchange("k", MISSING, MISSING)
    assert not d.compare_exchange("k", MISSING, 2)
    assert d.compare_exchange("k", 1, MISSING)
    assert "k" not in d
    nan = d["k"] = float("nan")
    assert not d.compare_exchange("k", float("nan"), 1)
    assert d.compare_exchange("k", nan, 1)


def test_sums_leave_64_bits_and_return():
    d = ConcurrentDict()
    d["k"] = FAR - 1
    assert d.add("k") == d["k"] == FAR
    assert d.add("k", -1) == FAR - 1
    assert d.add("k", -2 * FAR) == -FAR - 1
    assert d.add("k", 1) == -FAR
    assert d.add("k", 2**200) == 2**200 - FAR
    assert d.add("k", -(2**200)) == -FAR
    d["k"] = True
    assert (d.add("k", True), type(d["k"])) == (2, int)
    assert (d.add("k", 0.5), type(d["k"])) == (2.5, float)
    with pytest.raises(TypeError):
        d.add("k", Decimal(1))
    assert d["k"] == 2.5


def test_add_many_from_a_dictionary_that_shrinks():
    class Shy:
        """A key that leaves the source when it is looked at."""

        def __hash__(self):
            if armed and source:
                source.popitem()
            return hash(type(self))

    armed, source = [], ConcurrentDict()
    for _ in range(5):
        source[Shy()] = 1
    armed.append(True)
    ConcurrentDict().add_many(source)

    source = ConcurrentDict()
    target = ConcurrentDict()

    def work(index):
        for n in range(300):
            if index:
                target.add_many(source)
            else:
                source.update({n: 1, -n: 1})
                source.pop(n)
                source.pop(-n, None)

    run_threads(2, work)
