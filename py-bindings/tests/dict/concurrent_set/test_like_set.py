"""ConcurrentSet: what it has beyond CPython's own tests of set."""

import collections.abc
import operator

import pytest
from ft_utils.concurrency import ConcurrentDict, ConcurrentSet

METHODS = ["update", "intersection_update", "difference_update", "union", "intersection"]
OPERATORS = [operator.or_, operator.and_, operator.sub, operator.xor]
IN_PLACE = [operator.ior, operator.iand, operator.isub, operator.ixor]


def test_it_is_a_mutable_set():
    s = ConcurrentSet()
    assert isinstance(s, collections.abc.MutableSet)
    assert not isinstance(s, collections.abc.Hashable)
    methods = {name for name in dir(set) if not name.startswith("_")}
    assert methods <= set(dir(ConcurrentSet))


def test_add_and_discard_tell():
    s = ConcurrentSet("ab")
    assert [s.add("c"), s.add("c"), s.discard("a"), s.discard("a")] == [True, False, True, False]
    assert s == {"b", "c"}
    with pytest.raises(KeyError, match="'a'"):
        s.remove("a")
    assert {s.pop(), s.pop()} == {"b", "c"}
    with pytest.raises(KeyError, match="empty"):
        s.pop()


def test_an_equal_element_stays():
    s = ConcurrentSet([1])
    assert not s.add(1.0)
    s |= {True}
    assert [type(element) for element in s] == [int]


@pytest.mark.parametrize("operation", OPERATORS)
@pytest.mark.parametrize("kind", [set, frozenset, ConcurrentSet, dict.fromkeys])
def test_operators(operation, kind):
    one, other = kind(range(5)), kind(range(3, 9))
    if isinstance(one, dict):
        one, other = one.keys(), other.keys()
    expected = operation(set(one), set(other))
    for left, right in ((ConcurrentSet(one), other), (one, ConcurrentSet(other))):
        result = operation(left, right)
        assert result == expected
        assert isinstance(result, ConcurrentSet) or isinstance(one, collections.abc.KeysView)


@pytest.mark.parametrize("operation", OPERATORS + IN_PLACE)
@pytest.mark.parametrize("other", [[1], (), "ab", 5, None, {}, ConcurrentDict()])
def test_operators_take_sets_only(operation, other):
    s = ConcurrentSet([1])
    with pytest.raises(TypeError, match="unsupported operand"):
        operation(s, other)
    assert s == {1}


@pytest.mark.parametrize("operation", IN_PLACE)
def test_operators_in_place(operation):
    s = original = ConcurrentSet(range(5))
    s = operation(s, set(range(3, 9)))
    assert s is original
    assert s == operation(set(range(5)), set(range(3, 9)))
    expected = operation(set(s), set(s))
    assert operation(s, s) == expected
    assert operation(s, s.handle()) == operation(expected, set(expected))


def test_comparisons():
    s = ConcurrentSet([1, 2])
    assert s == {1, 2} and {1, 2} == s and s == s.copy() and s == frozenset(s) == s
    assert s == {1: 0, 2: 0}.keys() and s != {1} and s != [1, 2]
    assert {1} < s <= {1, 2} < ConcurrentSet(range(4)) and not s > {3} and s >= {2}
    with pytest.raises(TypeError, match="not supported"):
        s < [1]  # noqa: B015


class Failing:
    """Yields an element, and fails."""

    def __iter__(self):
        yield 7
        raise LookupError("no more")


@pytest.mark.parametrize("name", METHODS + ["symmetric_difference_update", "isdisjoint"])
@pytest.mark.parametrize("bad", [Failing(), [7, []], 5])
def test_nothing_changes_if_an_argument_fails(name, bad):
    s = ConcurrentSet([1, 2])
    with pytest.raises((LookupError, TypeError)):
        getattr(s, name)(bad)
    with pytest.raises((LookupError, TypeError)):
        ConcurrentSet(bad)
    assert s == {1, 2}


def test_text():
    class Mine(ConcurrentSet):
        pass

    assert repr(ConcurrentSet()) == "ConcurrentSet()"
    assert repr(Mine([1])) == "Mine({1})"


@pytest.mark.parametrize("arguments", [(1,), ([], []), ([[]],)])
def test_bad_arguments(arguments):
    with pytest.raises(TypeError):
        ConcurrentSet(*arguments)
