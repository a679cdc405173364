"""ConcurrentDict as a dict: keys() and items() are compared as sets."""

import operator
import random
from collections import UserDict
from collections.abc import ItemsView, KeysView, Set

import pytest
from ft_utils.concurrency import ConcurrentDict
from hypothesis import given
from hypothesis import strategies as st

COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


def keyed(keys):
    return ConcurrentDict(dictionary=dict.fromkeys(keys))


def test_kinds_of_views():
    d = keyed([1])
    assert isinstance(d.keys(), KeysView)
    assert isinstance(d.items(), ItemsView)
    for view in (d.keys(), d.items()):
        assert isinstance(view, Set)
        assert isinstance(view, list)
        with pytest.raises(TypeError, match="unhashable"):
            hash(view)


def outcome(compare, left, right):
    """The result, or the kind of error: a set asks for hashes, which values need not have."""
    try:
        return compare(left, right)
    except TypeError as error:
        return type(error)


small = st.sets(st.integers(0, 4))


@given(small, small)
def test_keys_compare_as_those_of_dict(one, other):
    ours, theirs = keyed(one), keyed(other)
    plain, others = dict.fromkeys(one), dict.fromkeys(other)
    for compare in COMPARISONS:
        expected = compare(plain.keys(), others.keys())
        for right in (theirs.keys(), others.keys(), other, frozenset(other)):
            assert compare(ours.keys(), right) is expected
        for left in (plain.keys(), one, frozenset(one), UserDict(plain).keys()):
            assert compare(left, theirs.keys()) is expected


@given(st.dictionaries(st.integers(0, 3), st.lists(st.none(), max_size=1)), small)
def test_items_compare_as_those_of_dict(one, keys):
    # The values are not hashable.
    other = {key: [] for key in keys}
    ours, theirs = ConcurrentDict(one), ConcurrentDict(other)
    for compare in COMPARISONS:
        expected = compare(one.items(), other.items())
        for right in (theirs.items(), other.items()):
            assert compare(ours.items(), right) is expected
        assert compare(one.items(), theirs.items()) is expected
        pairs = frozenset((key, None) for key in keys)
        assert outcome(compare, ours.items(), pairs) is outcome(compare, one.items(), pairs)
        assert outcome(compare, pairs, ours.items()) is outcome(compare, pairs, one.items())
    assert ours.items().isdisjoint(other.items()) is one.items().isdisjoint(other.items())


def test_order_of_insertion_does_not_matter():
    for _ in range(50):
        keys = random.sample(range(1000), 30)
        one, half = keyed(keys), keyed(keys[:15])
        random.shuffle(keys)
        other = ConcurrentDict(64, dict.fromkeys(keys))
        assert one.keys() == other.keys()
        assert one.items() == other.items()
        assert half.keys() < other.keys()
        assert other.items() > half.items()
        assert (one.keys() != other.keys()) is False


def test_views_beside_lists():
    d = keyed(range(20))
    keys, plain = d.keys(), list(d)
    # Programs for 0.2.0 expect this, because they got a list.
    assert keys == plain
    assert plain == keys
    assert keys != plain[::-1]
    assert plain[::-1] != keys
    assert d.items() == [(key, None) for key in plain]
    for compare in COMPARISONS[:4]:
        for left, right in [(keys, plain), (plain, keys), (d.items(), []), ([], d.items())]:
            with pytest.raises(TypeError, match="not supported between instances"):
                compare(left, right)
    assert sorted(keys) == list(range(20))


@pytest.mark.parametrize("other", [None, 3, "ab", (1, 2), {1: None}, ConcurrentDict({1: None})])
def test_views_beside_others(other):
    d = keyed([1])
    for view in (d.keys(), d.items()):
        assert (view == other) is (other == view) is False
        assert (view != other) is (other != view) is True
        for compare in COMPARISONS[:4]:
            with pytest.raises(TypeError):
                compare(view, other)
            with pytest.raises(TypeError):
                compare(other, view)


def test_errors_of_comparisons_are_raised():
    class Bad:
        def __eq__(self, other):
            raise LookupError

        def __hash__(self):
            return 1

    one, other = keyed([Bad()]), keyed([Bad()])
    for compare in COMPARISONS[1::2]:
        with pytest.raises(LookupError):
            compare(one.keys(), other.keys())
    with pytest.raises(LookupError):
        ConcurrentDict({1: Bad()}).items() == {1: Bad()}.items()  # noqa: B015
