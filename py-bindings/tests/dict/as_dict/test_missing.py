"""ConcurrentDict as a dict: __missing__ of a subclass."""

import operator

import pytest
from ft_utils.concurrency import ConcurrentDict

from .shared import Default


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
