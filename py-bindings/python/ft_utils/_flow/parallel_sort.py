"""Sorting by several threads."""

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from itertools import accumulate, chain, pairwise
from typing import Any, Protocol, SupportsIndex, TypeVar, overload

from ft_utils._flow.chunks import ChunkSize, Source, Work
from ft_utils._flow.flight import Flight
from ft_utils._flow.parallel import Progress, results_of_chunks

_T = TypeVar("_T")


class _Less(Protocol):
    def __lt__(self, other: Any, /) -> Any: ...


class _Greater(Protocol):
    def __gt__(self, other: Any, /) -> Any: ...


_C = TypeVar("_C", bound=_Less | _Greater)

# Fewer items than this are sorted at once.
_SMALL = 1 << 16
# How many pieces each thread gets. Small ones stay in its cache, and one that is behind gets fewer.
# But the pieces are cut by the thread that calls, in steps as many as their square.
_PIECES, _FEW = 16, 64

# A part of a list, from one index to another.
_Slice = tuple[list[Any], int, int]


@overload
def parallel_sort(
    items: Iterable[_C],
    /,
    *,
    key: None = None,
    reverse: SupportsIndex = False,
    n_threads: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[_C]: ...
@overload
def parallel_sort(
    items: Iterable[_T],
    /,
    *,
    key: Callable[[_T], _Less | _Greater],
    reverse: SupportsIndex = False,
    n_threads: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[_T]: ...
def parallel_sort(
    items: Iterable[Any],
    /,
    *,
    key: Callable[[Any], Any] | None = None,
    reverse: SupportsIndex = False,
    n_threads: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Any]:
    """Return a new list of all items, sorted by several threads; stable, as sorted() is.

    >>> parallel_sort(["ab", "c", "a"])
    ['a', 'ab', 'c']
    >>> parallel_sort(["ab", "c", "a"], key=len, reverse=True)
    ['ab', 'c', 'a']

    It compares by ``<`` alone. It calls key twice for each item, once to sort the piece that the
    item is in, and once to merge the pieces, so key(item) has to be the same each time.

    Fewer than 65,536 items it gives to sorted(), and all if it had one thread to sort them. So it
    does on a build with a GIL, unless an executor is given. If the items are nearly sorted already,
    sorted() is faster. The result and each piece need memory at the same time, so there are two
    more lists of the items. progress is called in this thread, now and then, with the number of
    items that are done; half of the work on an item is done when the piece that it is in is sorted.
    What it does with errors, with Ctrl-C and with an executor is what parallel_map() does.
    """
    flight = Flight(key or _no_key, executor=executor, n_threads=n_threads, progress=progress)
    data = list(items)
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    if len(data) < _SMALL or (executor is None and (flight.n_threads == 1 or has_gil)):
        data.sort(key=key, reverse=bool(reverse))
        if data:
            flight.report(len(data))
        return data
    if reverse:
        # Equal items keep their order if they are turned round twice.
        data.reverse()
    data = _sorted(data, key, executor, flight.n_threads, progress)
    if reverse:
        data.reverse()
    return data


def _sorted(
    data: list[Any],
    key: Callable[[Any], Any] | None,
    executor: Executor | None,
    n_threads: int,
    progress: Progress | None = None,
) -> list[Any]:
    """Cut a list into pieces, sort these, and merge them. The list is changed."""
    length, before = len(data), 0

    def report(done: int) -> None:
        if progress is not None:
            # As many jobs sort as merge.
            progress(length * (before + done) // (2 * n_pieces))

    def work(do: Work, jobs: list[Any]) -> list[Any]:
        flight = Flight(key or _no_key, executor=executor, n_threads=n_threads, progress=report)
        source = Source(jobs, ChunkSize(flight.target, fixed=1), flight.clock)
        return list(chain.from_iterable(results_of_chunks(flight, do, source, is_ordered=True)))

    n_pieces = min(_PIECES * n_threads, max(_FEW, 2 * n_threads))
    cuts = [len(data) * number // n_pieces for number in range(n_pieces + 1)]
    # Threads cut the lists themselves. Another executor is sent only the stretches to sort.
    cut = _whole if executor is None else _only
    runs: list[list[Any]] = work(_sort, [[cut((data, *pair))] for pair in pairwise(cuts)])
    before = n_pieces
    stretches = [[cut(part) for part in parts] for parts in _stretches(runs, key, n_pieces)]
    if executor is not None:
        return list(chain.from_iterable(work(_sort, stretches)))
    # They put the items into their places, too, while they have them at hand.
    lengths = (sum(high - low for _, low, high in stretch) for stretch in stretches)
    places = pairwise(accumulate(lengths, initial=0))
    work(_place, [(data, *next(places), stretch) for stretch in stretches])
    return data


def _no_key(item: Any) -> Any:
    return item


def _whole(part: _Slice) -> _Slice:
    return part


def _only(part: _Slice) -> _Slice:
    items, low, high = part
    return items[low:high], 0, high - low


# The work on a chunk, which is one job.


def _sort(key: Callable[..., Any], jobs: list[list[_Slice]], results: list[Any]) -> None:
    (slices,) = jobs
    items: list[Any] = []
    for some, low, high in slices:
        items += some[low:high]
    # If the slices are sorted, it finds that out and merges them.
    items.sort(key=None if key is _no_key else key)
    results.append(items)


def _place(key: Callable[..., Any], jobs: list[tuple[Any, ...]], results: list[Any]) -> None:
    ((data, low, high, stretch),) = jobs
    _sort(key, [stretch], results)
    data[low:high] = results.pop()


# The step in between.


def _stretches(
    runs: list[list[Any]], key: Callable[[Any], Any] | None, n: int
) -> list[list[_Slice]]:
    """Cut all runs at the same n - 1 keys; return what is to be merged, in the order of the keys.

    Equal items come into one stretch, in their order.
    """
    sample = list(chain.from_iterable(run[:: max(1, len(run) // n)] for run in runs))
    keys = sample if key is None else list(map(key, sample))
    keys.sort()
    borders = [keys[len(keys) * number // n] for number in range(1, n)]
    stretches: list[list[_Slice]] = [[] for _ in range(n)]
    for run in runs:
        low = 0
        for stretch, border in zip(stretches, borders, strict=False):
            # If the order makes no sense (NaN), each item still comes once.
            high = bisect_left(run, border, low, key=key)
            stretch.append((run, low, high))
            low = high
        stretches[-1].append((run, low, len(run)))
    return stretches
