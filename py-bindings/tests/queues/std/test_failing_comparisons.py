"""The Std queues: comparisons of items that raise."""

import itertools
import math
import threading

import pytest
from ft_utils.concurrency import StdConcurrentPriorityQueue
from helpers.threads import Task

from .shared import Item, drained, filled


def test_first_item_is_compared_with_nothing():
    q = StdConcurrentPriorityQueue()
    q.put(thing := object())
    assert q.get() is thing


@pytest.mark.parametrize("n_items", [2, 3, 4, 7, 8, 20])
def test_failing_comparison_changes_nothing(n_items):
    """Whichever comparison of a put and of a get it is that raises."""
    keys = list(range(n_items))
    for failing in itertools.count():
        left = math.inf

        def compare():
            nonlocal left
            left -= 1
            if left < 0:
                raise LookupError

        q = filled(StdConcurrentPriorityQueue, [Item(key, compare) for key in reversed(keys)])
        left, expected = failing, keys
        try:
            q.put(Item(-1, compare))
            expected = [-1] + expected
        except LookupError:
            assert q.qsize() == q.unfinished_tasks == n_items
        left, got = failing, []
        try:
            got.append(q.get().key)
        except LookupError:
            assert q.qsize() == len(expected)
        left = math.inf
        assert got + [item.key for item in drained(q)] == expected
        if got and expected[0] == -1:
            break
    assert failing > 0


def test_pop_many_with_a_failing_comparison():
    def compare():
        if failing:
            raise LookupError

    failing = False
    # The first get compares ints alone.
    items = [(0,), (1, Item(0, compare)), (2,), (1, Item(2, compare)), (1, Item(1, compare))]
    q = filled(StdConcurrentPriorityQueue, items)
    failing = True
    with pytest.raises(LookupError) as caught:
        q.pop_many(4)
    failing = False
    popped = getattr(caught.value, "popped", [])
    assert popped + drained(q) == sorted(items)
    assert len(popped) < 4


def test_putter_that_fails_wakes_the_next():
    """A putter that is woken, and whose comparison raises, does not keep the room to itself."""

    def fail():
        raise LookupError

    q = filled(StdConcurrentPriorityQueue, [Item(1), Item(2)], maxsize=2)
    first = Task(q.put, Item(0, fail)).until_asleep()
    second = Task(q.put, Item(3)).until_asleep()
    assert q.get().key == 1
    with pytest.raises(LookupError):
        first.result()
    second.result()
    assert [item.key for item in drained(q)] == [2, 3]
    assert q.unfinished_tasks == 3


def test_getter_that_fails_wakes_the_next():
    """A getter that is woken, and whose comparison raises, does not keep the item to itself."""
    for _ in range(20):
        q = StdConcurrentPriorityQueue()
        fails = threading.local()

        def compare(fails=fails):
            if hasattr(fails, "yes"):
                raise LookupError

        def get(q=q, fails=fails):
            fails.yes = True
            return q.get()

        items = [Item(n, compare) for n in range(3)]
        first = Task(get).until_asleep()
        others = [Task(q.get).until_asleep() for _ in range(3)]
        q.push_many(items)
        try:
            first.result()
        except LookupError:
            pass
        else:
            # It was so fast that it had nothing to compare.
            q.put(Item(3, compare))
        for other in others:
            other.result()
        assert q.empty()
