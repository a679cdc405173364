"""ConcurrentDict: functions that change the dictionary while it calls them."""

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict

OWN_CHANGES = {
    "set": lambda d: d.__setitem__("n", 5),
    "set another way": lambda d: ConcurrentDict.__setitem__(d.handle(), Name("n"), 5),
    "delete": lambda d: d.__delitem__("n"),
    "pop": lambda d: d.pop("n"),
    "pop with a default": lambda d: d.pop(Name("n"), None),
    "popitem": lambda d: (d.pop("m"), d.popitem()),
    "clear": lambda d: d.clear(),
    "update": lambda d: d.update(n=5),
    "merge": lambda d: d.__ior__({"n": 5}),
    "add": lambda d: d.add("n"),
    "add a float": lambda d: d.add("n", 0.5),
    "add many": lambda d: d.add_many(["n"]),
    "exchange": lambda d: d.compare_exchange("n", 0, 5),
    "remove": lambda d: d.compare_exchange("n", 0, MISSING),
    "update one": lambda d: d.update_with("n", lambda n: n + 1),
    "remove and make": lambda d: (d.pop("n"), d.get_or_insert("n", lambda: 5)),
    "remove and default": lambda d: (d.pop("n"), d.setdefault("n", 5)),
}


class Name(str):
    """For the calls that are not made for a str."""

    __slots__ = ()


@pytest.mark.parametrize("change", OWN_CHANGES.values(), ids=OWN_CHANGES.keys())
def test_function_may_not_change_its_key(change):
    d, calls = ConcurrentDict({"n": 0, "m": 0}), []

    def function(value):
        calls.append(value)
        change(d)
        return value + 1

    class Summand:
        def __radd__(self, value):
            return function(value)

    for call in (
        lambda: d.update_with("n", function),
        lambda: d.add("n", Summand()),
        lambda: d.add_many({"n": Summand()}),
    ):
        d.update(n=0, m=0)
        calls.clear()
        with pytest.raises(RuntimeError, match="changed the value that it was called to update"):
            call()
        assert calls == [0]
    # A default is for a key that is missing, which it must be in the end.
    d.clear()
    with pytest.raises(RuntimeError, match="changed the value"):
        d.update_with("n", lambda value: d.setdefault("n", value), 1)
    assert d == {"n": 1}


def test_function_may_use_the_dictionary():
    d = ConcurrentDict({"n": 1})

    def function(value):
        d["other"] = d.get_or_insert("third", lambda: len(d))
        d.update_with("other", lambda other: other + d["n"])
        d.setdefault("n", 5)
        d.compare_exchange("n", "not that", 5)
        d.pop("none", None)
        return value + d.add("sum")

    assert d.update_with("n", function) == 2
    assert d.update_with("n", lambda n: d.__setitem__("n", n) or n + 1) == 3
    assert d == {"n": 3, "other": 2, "third": 1, "sum": 1}


def test_comparison_may_not_change_its_key_for_ever():
    d, calls = ConcurrentDict(), []

    class Mover:
        def __eq__(self, other):
            calls.append(1)
            d["key"] = Mover()
            return True

    d["key"] = Mover()
    with pytest.raises(RuntimeError, match="again and again"):
        d.compare_exchange("key", "expected", "new")
    assert len(calls) < 1000
