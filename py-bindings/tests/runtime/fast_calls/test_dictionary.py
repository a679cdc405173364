"""Entries that pass by PyO3: ConcurrentDict."""

import operator

import pytest
from ft_utils import ConcurrentDict
from hypothesis import given
from hypothesis import strategies as st

from .shared import Number, outcome

KEYS = ["a", "b" * 3, 1, -1, 2**70, b"a", "ä", Number(1), True, 1.0, (1,), None]


@given(st.lists(st.tuples(st.sampled_from(["get", "set", "del", "in"]), st.sampled_from(KEYS))))
def test_dictionary(calls):
    x, y, z = ConcurrentDict(), ConcurrentDict(), {}
    for number, (what, key) in enumerate(calls):
        if what == "get":
            one, other = outcome(operator.getitem, x, key), outcome(y.__getitem__, key)
            expected = outcome(operator.getitem, z, key)
        elif what == "set":
            one, other = outcome(operator.setitem, x, key, number), y.__setitem__(key, number)
            expected = outcome(operator.setitem, z, key, number)
        elif what == "del":
            one, other = outcome(operator.delitem, x, key), outcome(y.__delitem__, key)
            expected = outcome(operator.delitem, z, key)
        else:
            one, other, expected = key in x, y.__contains__(key), key in z
        assert one == other == expected
        assert x == y == z
        default = object()
        assert x.get(key, default) is z.get(key, default)
        assert x.get(key) == z.get(key)


def test_methods_of_the_dictionary():
    d = ConcurrentDict()
    for key in KEYS:
        assert d.setdefault(key, 5) == 5 == d.setdefault(key, 6)
        assert d.pop(key) == 5
        with pytest.raises(KeyError) as err:
            d.pop(key)
        assert err.value.args == (key,)
        assert d.pop(key, None) is None
        assert (d.add(key), d.add(key, 2), d.add(key, Number(2)), d.add(key, 0.5)) == (1, 3, 5, 5.5)
        with pytest.raises(TypeError):
            d.add(key, "x")
        assert d.pop(key) == 5.5


class Never:
    """Equal to everything with its hash, and slow to say so."""

    def __init__(self, key):
        self.key = key

    def __hash__(self):
        return hash(self.key)

    def __eq__(self, other):
        return True


@pytest.mark.parametrize("key", ["a", 1, b"a"])
def test_keys_that_have_to_be_asked(key):
    d = ConcurrentDict()
    d[Never(key)] = 1
    assert d[key] == d.get(key) == d.get(key, 2) == d.setdefault(key, 3) == 1
    assert key in d
    d[key] = 4
    assert (d.add(key), d.add(key, 2), len(d)) == (5, 7, 1)
    assert d.pop(key) == 7
    d[Never(key)] = 1
    del d[key]
    assert not d


def test_unhashable_keys():
    d = ConcurrentDict()
    for call in (d.get, d.pop, d.add, lambda key: d[key], lambda key: key in d):
        with pytest.raises(TypeError, match="unhashable"):
            call([])
