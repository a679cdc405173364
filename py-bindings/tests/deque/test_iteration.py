"""ConcurrentDeque: iteration over a moment's content."""

import copy
import operator
import pickle
import weakref

import pytest
from ft_utils import _native
from ft_utils.concurrency import ConcurrentDeque


def test_iteration_sees_one_moment():
    d = ConcurrentDeque(range(5))
    it, back = iter(d), reversed(d)
    assert (operator.length_hint(it), operator.length_hint(back)) == (5, 5)
    assert (next(it), next(back)) == (0, 4)
    d.clear()
    d.append("new")
    assert operator.length_hint(it) == 4
    assert list(it) == [1, 2, 3, 4]
    assert list(back) == [3, 2, 1, 0]
    assert (list(it), next(it, "end"), iter(it) is it) == ([], "end", True)
    for item in d:
        if len(d) < 50:
            d.append(item)
    assert len(d) == 2


def test_iterator_is_an_object_like_its_deque():
    it = iter(ConcurrentDeque([1]))
    kind = type(it)
    assert kind is type(reversed(ConcurrentDeque())) is _native.ConcurrentDequeIterator
    assert weakref.ref(it)() is it
    with pytest.raises(TypeError):
        kind()
    with pytest.raises(AttributeError):
        it.anything = 1
    for refused in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            refused(it)
