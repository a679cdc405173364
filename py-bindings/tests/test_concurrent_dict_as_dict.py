"""ConcurrentDict as a dict: views, __missing__, and how it is made and printed."""

import operator
import random
from collections import ChainMap, OrderedDict, UserDict
from collections.abc import ItemsView, KeysView, Set
from types import MappingProxyType

import pytest
from ft_utils.concurrency import MISSING, AtomicInt64, ConcurrentDict
from hypothesis import given
from hypothesis import strategies as st

COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


def keyed(keys):
    return ConcurrentDict(dictionary=dict.fromkeys(keys))


# Views


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
    # As programs for 0.2.0 expect, which got a list.
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


# __missing__


class Default(ConcurrentDict):
    def __missing__(self, key):
        return ("missing", key)


@pytest.mark.parametrize("key", ["a", 5, b"b", (1, 2), 2**70, None], ids=repr)
def test_missing(key):
    d = Default()
    assert d[key] == ("missing", key)
    assert d.get(key) is None
    assert d.get(key, 1) == 1
    assert key not in d
    assert not d
    for call in (d.__delitem__, d.pop):
        with pytest.raises(KeyError):
            call(key)
    d[key] = "there"
    assert d[key] == "there"


def test_missing_may_store_and_fail():
    class Cache(ConcurrentDict):
        def __missing__(self, key):
            if key < 0:
                raise LookupError(key)
            return self.setdefault(key, key * 2)

    d = Cache()
    assert d[4] == 8
    assert d == {4: 8}
    with pytest.raises(LookupError):
        d[-1]
    assert operator.itemgetter(5)(d) == 10


def test_missing_is_looked_for_in_classes():
    class Static(ConcurrentDict):
        @staticmethod
        def __missing__(key):
            return "static", key

    class Class(ConcurrentDict):
        @classmethod
        def __missing__(cls, key):
            return cls, key

    class Late(ConcurrentDict):
        pass

    class Meta(type):
        def __missing__(cls, key):
            raise AssertionError

    class OfMeta(ConcurrentDict, metaclass=Meta):
        pass

    class Mixed(Late, Default):
        pass

    assert Static()[1] == ("static", 1)
    assert Class()[1] == (Class, 1)
    assert Mixed()[1] == ("missing", 1)
    late = Late()
    late.__missing__ = lambda key: 1 / 0
    for d in (late, OfMeta(), ConcurrentDict()):
        with pytest.raises(KeyError):
            d["key"]
    Late.__missing__ = lambda self, key: "late"
    assert late["key"] == "late"
    Late.__missing__ = None
    with pytest.raises(TypeError):
        late["key"]


# Making one


SOURCES = [
    {"a": 1},
    OrderedDict(a=1),
    UserDict(a=1),
    ChainMap({"a": 1}),
    MappingProxyType({"a": 1}),
    ConcurrentDict(dictionary={"a": 1}),
    [("a", 1)],
    (["a", 1],),
    {("a", 1)},
    {"a": 1}.items(),
    ConcurrentDict(dictionary={"a": 1}).items(),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_starts_from_anything_that_dict_takes(source):
    for d in (
        ConcurrentDict(source),
        ConcurrentDict(source, None),
        ConcurrentDict(initial_capacity=source),
        ConcurrentDict(4, source),
        ConcurrentDict(dictionary=source),
        ConcurrentDict(MISSING, source),
        Default(source),
    ):
        assert d == {"a": 1}
        d["b"] = 2
    assert len(source) == 1


def test_starts_from_an_iterator():
    assert ConcurrentDict((n, -n) for n in range(3)) == {0: 0, 1: -1, 2: -2}
    assert ConcurrentDict(dictionary=zip("ab", [1, 2], strict=True)) == {"a": 1, "b": 2}
    assert ConcurrentDict({}) == ConcurrentDict([]) == ConcurrentDict(0) == {}


@pytest.mark.parametrize(
    "bad", [1.5, "ab", "", object(), int, lambda: 1], ids=lambda b: str(type(b))
)
def test_refuses_other_sources(bad):
    with pytest.raises(TypeError, match="initial_capacity must be an int, or a mapping"):
        ConcurrentDict(bad)
    with pytest.raises(TypeError, match="dictionary must be a mapping or an iterable of pairs"):
        ConcurrentDict(dictionary=bad)
    with pytest.raises(TypeError, match="dictionary must be"):
        ConcurrentDict(0, AtomicInt64())


def test_bad_sources():
    def failing():
        yield "a", 1
        raise LookupError

    for source, error in [
        ([1], TypeError),
        (["abc"], ValueError),
        ([([], 1)], TypeError),
        (failing(), LookupError),
    ]:
        with pytest.raises(error):
            ConcurrentDict(source)
    with pytest.raises(TypeError, match="not two dictionaries"):
        ConcurrentDict({}, {})
    with pytest.raises(TypeError, match="not two dictionaries"):
        ConcurrentDict({}, 4)
    with pytest.raises(TypeError, match="keyword argument 'a'"):
        ConcurrentDict(a=1)


def test_text_can_be_evaluated():
    for source in (
        {},
        {"a": 1},
        {1: [2, {"b": None}], (1, 2): b"c"},
        {"d": ConcurrentDict({1: 2})},
    ):
        for kind in (ConcurrentDict, Default):
            d = kind(source)
            again = eval(repr(d))
            assert type(again) is kind
            assert again == d


def test_keywords_are_strings():
    d = ConcurrentDict({"a": 1})
    for call in (
        lambda: d.update(**{1: 2}),
        lambda: d.update({"b": 1}, **{"c": 1, 1: 2}),
        lambda: d.update(d, **{None: 1}),
    ):
        with pytest.raises(TypeError, match="keywords must be strings"):
            call()
    assert d == {"a": 1}
    d.update({"self": 1}, source=2)
    assert d == {"a": 1, "self": 1, "source": 2}
