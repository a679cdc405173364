"""ConcurrentDict as a dict: the sources that it is made from, and its text."""

from collections import ChainMap, OrderedDict, UserDict
from types import MappingProxyType

import pytest
from ft_utils.concurrency import MISSING, AtomicInt64, ConcurrentDict

from .shared import Default

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
