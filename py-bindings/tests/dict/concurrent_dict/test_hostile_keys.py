"""ConcurrentDict: keys that raise, collide or change the dictionary."""

import pytest
from ft_utils.concurrency import ConcurrentDict

from .shared import Key


def test_hash_may_raise():
    class Odd:
        def __hash__(self):
            raise LookupError

    d = ConcurrentDict(dictionary={1: 1})
    for call in (d.__getitem__, d.get, d.pop, d.__contains__, d.add, d.__delitem__):
        with pytest.raises(LookupError):
            call(Odd())


def test_hash_is_called_once():
    calls = []

    class Counted:
        def __hash__(self):
            calls.append(1)
            return 5

    d, key = ConcurrentDict(), Counted()
    for call in (
        lambda: d.__setitem__(key, 1),
        lambda: d[key],
        lambda: d.get(key),
        lambda: d.setdefault(key, 1),
        lambda: d.add(key, 1),
        lambda: d.get_or_insert(key, list),
        lambda: d.compare_exchange(key, 2, 3),
        lambda: d.update_with(key, abs),
        lambda: d.pop(key),
    ):
        calls.clear()
        call()
        assert len(calls) == 1


def each_call(d, key):
    """Every operation on one key."""
    return [
        lambda: d[key],
        lambda: d.__setitem__(key, 1),
        lambda: d.__delitem__(key),
        lambda: key in d,
        lambda: d.get(key),
        lambda: d.setdefault(key, 1),
        lambda: d.pop(key, None),
        lambda: d.update([(key, 1)]),
        lambda: d.add(key, 1),
        lambda: d.add_many([key]),
        lambda: d.compare_exchange(key, 1, 2),
        lambda: d.get_or_insert(key, lambda: 1),
        lambda: d.update_with(key, abs, 1),
    ]


def test_equality_of_keys_may_raise():
    def fail():
        raise LookupError("from __eq__")

    d = ConcurrentDict()
    d[Key("stored", on_eq=fail)] = 5
    for call in each_call(d, Key("probe")):
        with pytest.raises(LookupError, match="from __eq__"):
            call()
    assert d.values() == [5]


@pytest.mark.parametrize("index", range(13))
@pytest.mark.parametrize("other", ["clear", "popitem", "grow", "replace", "read"])
def test_equality_may_change_the_dict(index, other):
    d = ConcurrentDict(2)
    calls = []

    def interfere():
        calls.append(1)
        if len(calls) > 3:
            return
        if other == "clear":
            d.clear()
        elif other == "popitem" and d:
            d.popitem()
        elif other == "grow":
            for n in range(100):
                d[Key(("more", len(calls), n), hash=n + 100)] = n
        elif other == "replace":
            d.clear()
            d[Key("probe", on_eq=interfere)] = 7
        elif other == "read":
            d.get(Key("third"))
            repr(d)

    stored = Key("stored", on_eq=interfere)
    d[stored] = 5
    try:
        each_call(d, Key("probe"))[index]()
    except KeyError:
        assert index in (0, 2)
    assert calls
    assert len(d.keys()) == len(d)
    d.clear()


def test_comparison_may_delete_the_key():
    d = ConcurrentDict()
    key = Key("a")
    key.on_eq = lambda: d.pop(key, None)
    d[key] = 1
    # The verdict was about a key that has gone meanwhile.
    d[Key("a")] = 2
    assert len(d) == 1
    assert d.values() == [2]


def test_keys_with_one_hash():
    d = ConcurrentDict(8)
    for n in range(60):
        d[Key(n)] = n
    assert len(d) == 60
    assert [d[Key(n)] for n in range(60)] == list(range(60))
    for n in range(0, 60, 2):
        del d[Key(n)]
    assert sorted(d.values()) == list(range(1, 60, 2))
