"""The sizes of chunks, by a clock that stands still unless it is told."""

import pickle

import pytest
from ft_utils._flow.chunks import (
    Broken,
    ChunkSize,
    Source,
    call_items,
    map_items,
    map_tuples,
    reduce_items,
    run_chunk,
)
from ft_utils._flow.flight import Flight
from ft_utils._flow.parallel import results_of_chunks

from ..map_ordered.shared import Immediate, inverse


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_size_grows_to_what_the_target_allows():
    size = ChunkSize(target=1.0)
    sizes = []
    for _ in range(6):
        sizes.append(size.now)
        size.measure(size.now, size.now * 0.01)
    assert sizes == [1, 8, 64, 100, 100, 100]


def test_size_shrinks_at_once():
    size = ChunkSize(target=1.0)
    size.now = 512
    # Says little, because it was short.
    size.measure(1, 0.01)
    assert size.now == 512
    size.measure(1, 3.0)
    assert size.now == 1
    size.now = 512
    size.measure(512, 1024.0)
    assert size.now == 1


def test_size_of_no_time():
    size = ChunkSize(target=1.0)
    for _ in range(20):
        size.measure(size.now, 0.0)
    assert size.now == 1 << 16
    size.measure(0, 100.0)
    assert size.now == 1 << 16


@pytest.mark.parametrize(("fixed", "now"), [(1, 2), (5, 5)])
def test_fixed_size_and_the_least(fixed, now):
    size = ChunkSize(1.0, fixed, least=2)
    for seconds in (100, 0):
        size.measure(size.now, seconds)
        assert size.now == now
    size = ChunkSize(1.0, least=2)
    size.measure(2, 100)
    assert size.now == 2


def test_slow_items_make_small_chunks():
    clock = Clock()

    def items():
        for number in range(30):
            clock.now += 10.0 if number >= 9 else 0.0
            yield number

    size = ChunkSize(target=1.0)
    source = Source(items(), size, clock)
    assert source.draw() == [0]
    # That was fast so far, and says nothing about the work.
    assert (size.now, source.seconds) == (1, 0.0)
    size.measure(1, 0.0)
    assert source.draw() == [*range(1, 9)]
    size.measure(8, 0.0)
    assert source.draw() == [*range(9, 30)]
    assert (size.now, source.seconds) == (1, 210.0)


def test_source_that_ends():
    source = Source("abc", ChunkSize(1.0, fixed=2), Clock())
    assert (source.draw(), source.is_over) == (["a", "b"], False)
    assert (source.draw(), source.is_over) == (["c"], True)
    source = Source("ab", ChunkSize(1.0, fixed=2), Clock())
    source.draw()
    assert (source.draw(), source.is_over) == ([], True)


def test_source_that_fails():
    def items():
        yield 1
        raise LookupError

    source = Source(items(), ChunkSize(1.0, fixed=5), Clock())
    assert (source.draw(), source.is_over) == ([1], True)
    with pytest.raises(LookupError):
        source.raise_error()
    source.raise_error()


def test_work():
    def run(work, fn, items):
        return run_chunk(work, fn, items, Clock()).results

    assert run(map_items, abs, [-1, 2]) == [1, 2]
    assert run(map_tuples, pow, [(2, 3), (3, 2)]) == [8, 9]
    assert run(call_items, abs, [-1]) == []
    assert run(reduce_items, max, [1, 3, 2]) == [3]


def test_work_that_fails_keeps_what_was_before():
    with pytest.raises(Broken) as caught:
        run_chunk(map_items, inverse, [1, 2, 0, 4], Clock())
    assert caught.value.results == [1.0, 0.5]
    assert isinstance(caught.value.error, ZeroDivisionError)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.results == [1.0, 0.5]
    assert isinstance(copy.error, ZeroDivisionError)


def test_work_ends_if_the_list_is_emptied():
    items, seen = [1, 2, 3, 4], []

    def see(item):
        seen.append(item)
        if item == 2:
            items.clear()

    run_chunk(call_items, see, items, Clock())
    assert seen == [1, 2]


def test_chunks_of_a_call():
    """What a whole call makes of calls that take 0.4 ms by the clock."""
    clock = Clock()

    def work(item):
        clock.now += 0.0004
        return item

    flight = Flight(work, executor=Immediate(), n_threads=1, clock=clock)
    source = Source(range(100), ChunkSize(flight.target), clock)
    chunks = list(results_of_chunks(flight, map_items, source, is_ordered=True))
    assert [item for chunk in chunks for item in chunk] == list(range(100))
    # Four are in the window, and are sent before the first has been measured; ten milliseconds
    # are enough for 25 calls.
    assert list(map(len, chunks)) == [1, 1, 1, 1, 8, 8, 8, 8, 24, 24, 16]
