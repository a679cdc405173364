"""ConcurrentDeque: the methods and arguments of collections.deque."""

import operator
import pickle
import sys
from collections import deque

import ft_utils
import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDeque, EmptyDequeError


def test_has_all_of_deque():
    for name in dir(deque):
        assert hasattr(ConcurrentDeque, name), name
        ours, theirs = getattr(ConcurrentDeque, name), getattr(deque, name)
        if callable(theirs) and not name.startswith("_"):
            assert ours.__doc__


@pytest.mark.parametrize("pop", ["pop", "popleft"])
def test_empty_pop(pop):
    d = ConcurrentDeque()
    for error in (IndexError, RuntimeError, LookupError, EmptyDequeError):
        with pytest.raises(error, match="pop from an empty deque"):
            getattr(d, pop)()
    assert EmptyDequeError.__bases__ == (IndexError, RuntimeError)
    assert EmptyDequeError.__doc__
    error = pickle.loads(pickle.dumps(EmptyDequeError("x")))
    assert type(error) is EmptyDequeError
    assert ft_utils.EmptyDequeError is EmptyDequeError


def test_results_are_none():
    d = ConcurrentDeque()
    assert d.append(1) is d.appendleft(0) is d.extend([2]) is d.extendleft([-1]) is None
    assert d.insert(0, 5) is d.remove(5) is d.rotate(1) is d.reverse() is d.clear() is None


def test_wrong_arguments():
    d = ConcurrentDeque([1])
    for call in (
        lambda: d.append(),
        lambda: d.append(1, 2),
        lambda: d.append(item=1),
        # A list would take this for an index.
        lambda: d.pop(0),
        lambda: d.popleft(0),
        lambda: d.pop(wait=1),
        lambda: d.extend(5),
        lambda: d.extendleft(None),
        lambda: d.rotate(1.0),
        lambda: d.rotate("1"),
        lambda: d.rotate(None),
        lambda: d.insert(0),
        lambda: d.insert("0", 1),
        lambda: d.index(),
        lambda: d.index(1, None),
        lambda: d.index(1, 0, "x"),
        lambda: d.clear(1),
        lambda: d.copy(1),
        lambda: d[0:1],
        lambda: d["0"],
        lambda: d[1.0],
        lambda: operator.setitem(d, slice(0, 1), [1]),
        lambda: operator.delitem(d, slice(0, 1)),
        lambda: d + [1],
        lambda: [1] + d,
        lambda: d * 1.5,
        lambda: d * d,
        lambda: d < [1],
        lambda: d < deque([1]),
        lambda: hash(d),
        lambda: f"{d:5}",
        lambda: operator.iadd(d, 5),
    ):
        with pytest.raises(TypeError):
            call()
    assert list(d) == [1]
    with pytest.raises(OverflowError):
        d.rotate(2**64)
    with pytest.raises(OverflowError):
        d.insert(2**64, 1)
    with pytest.raises(AttributeError):
        d.maxlen = 3
    with pytest.raises(AttributeError):
        d.anything = 3


def test_index_objects():
    d = ConcurrentDeque("abc")
    one = AtomicInt64(1)
    assert d[one] == d[True] == "b"
    d.rotate(one)
    d.rotate(True)
    assert list(d) == ["b", "c", "a"]
    assert d.index("a", one) == 2
    d.insert(one, "x")
    assert d[1] == "x"
    assert list(d * one) == list(d)


@pytest.mark.parametrize("index", [3, -4, 10**6, 2**63, -(2**63) - 1, 2**200, sys.maxsize])
def test_out_of_range(index):
    d = ConcurrentDeque("abc")
    with pytest.raises(IndexError):
        d[index]
    with pytest.raises(IndexError):
        d[index] = "x"
    with pytest.raises(IndexError):
        del d[index]
    assert list(d) == ["a", "b", "c"]
    # The bounds of a search may be any numbers, as for a list.
    with pytest.raises(ValueError, match="'x' is not in deque"):
        d.index("x", -index, index)
