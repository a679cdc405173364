"""ConcurrentDict: iteration while the content changes."""

import weakref

import pytest
from ft_utils.concurrency import ConcurrentDict


def test_iterator_stays_exhausted():
    d = ConcurrentDict(dictionary={1: 1})
    iterator = iter(d)
    assert iter(iterator) is iterator
    assert list(iterator) == [1]
    d[2] = 2
    assert list(iterator) == []
    with pytest.raises(StopIteration):
        next(iterator)


def test_deleting_while_iterating():
    d = ConcurrentDict(4, {n: n for n in range(200)})
    seen = []
    for key in d:
        seen.append(key)
        del d[key]
    assert sorted(seen) == list(range(200))
    assert not d


def test_adding_while_iterating():
    d = ConcurrentDict(4, {n: n for n in range(50)})
    seen = []
    for key in d:
        seen.append(key)
        if len(d) < 500:
            d[len(d)] = 0
    assert len(seen) == len(set(seen))
    assert set(range(50)) <= set(seen)


def test_iterator_keeps_dict_alive():
    iterator = iter(ConcurrentDict(dictionary={1: 1, 2: 2}))
    assert sorted(iterator) == [1, 2]
    reference = weakref.ref(iterator)
    del iterator
    assert reference() is None
