"""ConcurrentCounter: beside collections.Counter, and with threads."""

import operator
from collections import Counter
from collections.abc import MutableMapping

import pytest
from ft_utils import ConcurrentCounter, ConcurrentDict
from helpers.threads import run_threads

OPERATORS = [operator.add, operator.sub, operator.or_, operator.and_]
ONE, OTHER = Counter(a=3, b=1, c=-2), Counter(a=1, c=4, d=2)


@pytest.mark.parametrize(
    "source", ["hello", ["a", "b", "a"], {"a": 3}, Counter("abc"), ConcurrentCounter("aab"), ()]
)
def test_making(source):
    ours = ConcurrentCounter(source, k=2)
    theirs = Counter(source if not isinstance(source, ConcurrentCounter) else "aab", k=2)
    assert ours == theirs and theirs == ours and ours.as_counter() == theirs
    assert isinstance(ours, ConcurrentDict) and isinstance(ours, MutableMapping)
    assert ours.total() == sum(theirs.values())
    assert sorted(ours.elements()) == sorted(theirs.elements())
    assert Counter(dict(ours.most_common())) == theirs


def test_missing_elements_are_zero():
    counter = ConcurrentCounter(a=1)
    assert counter["b"] == 0
    assert "b" not in counter and len(counter) == 1
    del counter["b"], counter["a"]
    assert not counter
    assert counter == Counter() == ConcurrentCounter(a=0)


def test_most_common():
    counter = ConcurrentCounter("abracadabra")
    assert counter.most_common(1) == [("a", 5)]
    assert [n for _, n in counter.most_common()] == [5, 2, 2, 1, 1]
    assert counter.most_common(0) == []


@pytest.mark.parametrize("operation", OPERATORS)
def test_operators(operation):
    expected = operation(ONE, OTHER)
    for one, other in (
        (ConcurrentCounter(ONE), OTHER),
        (ConcurrentCounter(ONE), ConcurrentCounter(OTHER)),
        (ONE, ConcurrentCounter(OTHER)),
    ):
        result = operation(one, other)
        assert type(result) is ConcurrentCounter
        assert result.as_dict() == dict(expected)
    for bad in ({"a": 1}, [1], 1):
        with pytest.raises(TypeError):
            operation(ConcurrentCounter(), bad)


@pytest.mark.parametrize("operation", [operator.pos, operator.neg])
def test_signs(operation):
    result = operation(ConcurrentCounter(ONE))
    assert type(result) is ConcurrentCounter
    assert result.as_dict() == dict(operation(ONE))


@pytest.mark.parametrize("compare", [operator.le, operator.lt, operator.ge, operator.gt])
@pytest.mark.parametrize("two", [ONE, OTHER, ONE + OTHER, ONE | Counter(z=1), Counter()])
def test_comparisons(compare, two):
    expected = compare(ONE, two)
    assert compare(ConcurrentCounter(ONE), two) is expected
    assert compare(ConcurrentCounter(ONE), ConcurrentCounter(two)) is expected
    assert compare(ONE, ConcurrentCounter(two)) is expected
    with pytest.raises(TypeError):
        compare(ConcurrentCounter(), {"a": 1})


def test_copy_of_a_subclass():
    class Mine(ConcurrentCounter):
        pass

    copy = Mine(ONE).copy()
    assert type(copy) is Mine and copy == ONE


def test_operators_in_place():
    counter = original = ConcurrentCounter(ONE)
    counter += OTHER
    assert counter.as_dict() == {"a": 4, "b": 1, "c": 2, "d": 2}
    counter -= ConcurrentCounter(OTHER)
    assert counter.as_dict() == {"a": 3, "b": 1, "c": -2, "d": 0}
    counter |= OTHER
    assert counter.as_dict() == {"a": 3, "b": 1, "c": 4, "d": 2}
    counter &= {"a": 1}
    assert counter.as_dict() == {"a": 1, "b": 0, "c": 0, "d": 0}
    assert counter is original


def test_update_and_subtract():
    ours, theirs = ConcurrentCounter("aab"), Counter("aab")
    for source in ("abc", {"b": 5}, Counter("xy"), ["a"]):
        for counter in (ours, theirs):
            counter.update(source, k=1)
            counter.subtract("ab")
    ours.merge(ConcurrentCounter("z"))
    theirs.update("z")
    ours.subtract(ConcurrentCounter("zz"))
    theirs.subtract("zz")
    assert ours.as_dict() == dict(theirs)
    assert ours.copy() == theirs and type(ours.copy()) is ConcurrentCounter
    with pytest.raises(NotImplementedError):
        ConcurrentCounter.fromkeys("ab")
    with pytest.raises(TypeError):
        ours.update(5)


def test_threads_lose_nothing():
    counter, parts = ConcurrentCounter(), ConcurrentCounter()

    def work(index):
        mine = ConcurrentCounter()
        for n in range(1000):
            counter.add(n % 10)
            mine.add(n % 10)
            counter.subtract([n % 10])
            counter.update({n % 10: 2})
        parts.merge(mine)

    run_threads(4, work)
    assert counter == dict.fromkeys(range(10), 800)
    assert parts == dict.fromkeys(range(10), 400)
