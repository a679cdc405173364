"""ConcurrentDeque: searches, which call methods of the items."""

import pytest
from ft_utils.concurrency import ConcurrentDeque

from .shared import Bad


class Is:
    """Equal to what it holds, and calls a function whenever it is asked."""

    def __init__(self, value, when_asked=lambda: None):
        self.value, self.when_asked = value, when_asked

    def __eq__(self, other):
        self.when_asked()
        return self.value == other

    __hash__ = None


SEARCHES = {
    "in": lambda d, x: x in d,
    "index": lambda d, x: d.index(x),
    "count": lambda d, x: d.count(x),
    "remove": lambda d, x: d.remove(x),
}
ALL_SEARCHES = pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())


@ALL_SEARCHES
def test_failing_comparison_changes_nothing(search):
    bad = Bad()
    d = ConcurrentDeque([1, bad, 2])
    with pytest.raises(LookupError):
        search(d, 2)
    assert len(d) == 3
    # It is itself, so nobody asks it.
    search(ConcurrentDeque([bad]), bad)


@ALL_SEARCHES
def test_search_asks_the_item(search):
    asked = []
    item = Is("x", lambda: asked.append("item"))
    search(ConcurrentDeque([item]), "x")
    assert asked == ["item"]


@ALL_SEARCHES
@pytest.mark.parametrize("change", ["clear", "pop", "popleft", "reverse", "rotate"])
def test_comparison_may_change_the_deque(search, change):
    for at in (0, 1, 40, 99):
        d = ConcurrentDeque(range(100))
        d[at] = Is("no", lambda d=d: d and getattr(d, change)())
        try:
            search(d, 77)
        except ValueError:
            assert 77 not in list(d) or search is SEARCHES["remove"]
        assert len(d) in (0, 98, 99, 100)


def test_remove_whose_item_goes():
    d = ConcurrentDeque([1])
    d.append(Is("x", d.clear))
    with pytest.raises(ValueError, match="x not in deque"):
        d.remove("x")
    assert len(d) == 0
    # A match that comes in front while another is compared is the one that goes.
    early, late = Is("x", lambda: early in list(d)[:1] or d.appendleft(early)), Is("x")
    d = ConcurrentDeque([1, late])
    late.when_asked, early.when_asked = early.when_asked, late.when_asked
    d.remove("x")
    assert [type(item) for item in d] == [int, Is]
    assert d[1] is late


def test_search_compares_each_item_once():
    asked = []
    d = ConcurrentDeque(Is(n, lambda n=n: asked.append(n)) for n in range(1000))
    assert d.index(700) == 700
    assert asked == list(range(701))
    asked.clear()
    d.remove(999)
    assert asked == list(range(1000))
