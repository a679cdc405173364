"""ConcurrentGatheringIterator: close() of the object and of its iterators."""

import pytest
from ft_utils.concurrency import ShutDown

from .shared import filled


def test_close():
    g = filled("ab")
    g.insert(3, "beyond the gap")
    iterator = g.iterator(9, False)
    assert not g.closed
    assert g.close() is None
    g.close()
    assert g.closed
    assert list(iterator) == ["a", "b"]
    assert list(g.iterator(9)) == ["a", "b"]
    assert list(g.iterator(9)) == []
    assert g.size() == 1
    for key in (2, 0, -1, "x", 2**64):
        with pytest.raises(ShutDown):
            g.insert(key, 1)
    with pytest.raises(TypeError):
        g.insert([], 1)
    g.fail(LookupError())
    assert g.failure is None
    assert list(g.iterator(9)) == []


def test_closing_an_iterator():
    g = filled("abc")
    iterator = g.iterator(2)
    assert next(iterator) == "a"
    assert iterator.close() is None
    iterator.close()
    assert list(iterator) == []
    g.insert(0, "new")
    assert list(g.iterator(2)) == ["new", "b", "c"]
