"""LocalWrapper: copies, pickles and wrappers of wrappers."""

import copy
import functools
import pickle
import threading
from typing import Any

import pytest
from ft_utils.local import LocalWrapper

from .shared import Plain, outcome


def test_copy() -> None:
    class Copied:
        def __copy__(self) -> str:
            return "copy"

        def __deepcopy__(self, memo: object) -> str:
            return "deep copy"

    items = [[1]]
    wrapper = LocalWrapper(items)
    assert copy.copy(wrapper).wrapped is items
    deep = copy.deepcopy(wrapper)
    assert type(deep) is LocalWrapper
    assert deep.wrapped == items
    assert deep.wrapped[0] is not items[0]
    custom = Copied()
    assert copy.copy(LocalWrapper(custom)).wrapped is custom
    assert repr(copy.deepcopy(LocalWrapper(custom))) == "<LocalWrapper: 'deep copy'>"
    shared: list[Any] = copy.deepcopy([items, wrapper])
    assert shared[1].wrapped is shared[0]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol: int) -> None:
    loaded = pickle.loads(pickle.dumps(LocalWrapper(LocalWrapper([1])), protocol))
    assert repr(loaded) == "<LocalWrapper: <LocalWrapper: [1]>>"
    lock = threading.Lock()
    dump = functools.partial(pickle.dumps, protocol=protocol)
    assert outcome(dump, LocalWrapper(lock)) == outcome(dump, lock)


def test_nested() -> None:
    obj = Plain()
    inner = LocalWrapper(obj)
    outer = LocalWrapper(inner)
    assert outer.wrapped is inner
    outer.x = 5
    assert (obj.x, outer.x) == (5, 5)
    del outer.x
    assert not hasattr(obj, "x")
    assert outer == obj
    assert hash(outer) == hash(obj)
