"""ConcurrentQueue: several items at once."""

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentQueue, Full

from queues.contents import drained

from .shared import filled


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_many_at_once(count):
    q = ConcurrentQueue()
    q.push("first")
    assert q.push_many(iter(range(count))) is None
    assert q.size() == count + 1
    assert q.pop_many(1) == ["first"]
    if count:
        assert q.pop_many(10**6) == list(range(count))
    q.push_many(range(count))
    taken = []
    while len(taken) < count:
        some = q.pop_many(7)
        assert 1 <= len(some) <= 7
        taken += some
    assert taken == list(range(count))
    assert q.empty()


@pytest.mark.parametrize("max_items", [0, -1])
def test_bad_max_items(max_items):
    q = filled([1])
    with pytest.raises(ValueError, match="max_items must be positive"):
        q.pop_many(max_items)
    for bad in (None, "3", 1.0):
        with pytest.raises(TypeError, match="max_items"):
            q.pop_many(bad)
    assert q.pop_many(AtomicInt64(5)) == [1]


def test_push_many_stops_at_the_bound():
    q = filled("a", maxsize=3)
    with pytest.raises(Full) as caught:
        q.push_many("bcdef", timeout=0)
    assert caught.value.remaining == ["d", "e", "f"]
    assert drained(q) == ["a", "b", "c"]


def test_push_many_reads_first():
    class Failing:
        def __iter__(self):
            yield 1
            raise LookupError

    q = ConcurrentQueue()
    with pytest.raises(LookupError):
        q.push_many(Failing())
    with pytest.raises(TypeError):
        q.push_many(5)
    assert q.empty()


def test_source_may_use_the_queue():
    q = filled(range(3))

    def items():
        yield q.pop()
        q.push("during")
        yield "last"

    q.push_many(items())
    assert drained(q) == [1, 2, "during", 0, "last"]
