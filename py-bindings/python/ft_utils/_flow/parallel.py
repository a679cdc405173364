"""Loops that use all cores."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor
from functools import reduce
from typing import Any, SupportsIndex, TypeVar, overload

from ft_utils._flow.chunks import (
    ChunkSize,
    Source,
    Work,
    call_items,
    map_items,
    map_tuples,
    reduce_items,
)
from ft_utils._flow.flight import Chunk, Flight

_T = TypeVar("_T")
_R = TypeVar("_R")

Progress = Callable[[int], object]


@overload
def parallel_map(
    fn: Callable[[_T], _R],
    items: Iterable[_T],
    /,
    *,
    ordered: bool = True,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Generator[_R, None, None]: ...
@overload
def parallel_map(
    fn: Callable[..., _R],
    items: Iterable[Any],
    /,
    *more: Iterable[Any],
    ordered: bool = True,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Generator[_R, None, None]: ...
def parallel_map(
    fn: Callable[..., _R],
    items: Iterable[Any],
    /,
    *more: Iterable[Any],
    ordered: bool = True,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Generator[_R, None, None]:
    """Return an iterator of fn(item) for each item, computed by several threads.

    >>> list(parallel_map(abs, [-1, 2, -3]))
    [1, 2, 3]
    >>> list(parallel_map(pow, [2, 3], [10, 2]))
    [1024, 9]

    The results come in the order of the items, or with ordered=False as soon as they are there.
    With more iterables, fn gets an item of each, until the shortest ends, as with map().

    The work begins when the first result is asked for. The thread that reads the results draws the
    items, and hands them to the threads in chunks. How many items are in a chunk is measured: so
    many that it takes about two milliseconds; chunk_size fixes it. At most four chunks for each
    thread are under way or wait to be read, so there may be infinitely many items.

    n_threads is the number of processors that the process may use, by affinity and by the limit of
    its cgroup, unless it is given. With one thread, the calls are made in place. The calls see the
    context variables of the reader, unless an executor is given that does not carry them over.
    progress is called in the thread that reads, with the number of items that are done, after each
    chunk.

    If fn or the items raise an exception, no other chunk begins, the others end after the item that
    they are at, and the exception is raised: with ordered=True in its place, after the results
    before it. The same happens if the iterator is closed or dropped before its end, if progress
    raises an exception, and at Ctrl-C. Threads have ended then; only Ctrl-C does not wait for long
    calls of fn. A wait in fn for an object of ft_utils ends by raising Stopped, as in a
    ThreadGroup; and if the reader belongs to a ThreadGroup that stops, its wait ends. If the
    items are a generator, it is closed. A StopIteration of fn becomes a RuntimeError.

    The executor can be any concurrent.futures.Executor: of threads, of processes or of workers on
    other machines, such as that of Dask's ``Client.get_executor()``. Then fn, the items and the
    results have to be picklable, a chunk takes ten milliseconds, and n_threads only says how many
    workers it has. The end cancels the chunks that have not begun, and does not wait for others.
    Do not give the executor that fn runs on, unless its workers do other work while they wait.

    The iterator is a generator, so threads cannot share it; they can share that of map_ordered().
    """
    run = _flight(fn, n_threads, chunk_size, executor, progress)
    if not more:
        return _results(run, map_items, _source(run, items), bool(ordered))
    tuples = zip(items, *more, strict=False)
    return _results(run, map_tuples, _source(run, tuples), bool(ordered))


def parallel_for_each(
    fn: Callable[[_T], object],
    items: Iterable[_T],
    /,
    *,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> None:
    """Call fn(item) for each item in several threads, and return when all calls have ended.

    >>> from ft_utils import ConcurrentCounter
    >>> letters = ConcurrentCounter()
    >>> parallel_for_each(letters.add_many, ["to be", "or not to be"])
    >>> letters["o"]
    4

    The calls are made in any order. Everything else is as with parallel_map().
    """
    flight = _flight(fn, n_threads, chunk_size, executor, progress)
    for _ in results_of_chunks(flight, call_items, _source(flight, items), is_ordered=False):
        pass


_MISSING: Any = object()


@overload
def parallel_reduce(
    fn: Callable[[_T, _T], _T],
    items: Iterable[_T],
    /,
    *,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> _T: ...
@overload
def parallel_reduce(
    fn: Callable[[_T, _T], _T],
    items: Iterable[_T],
    initial: _T,
    /,
    *,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> _T: ...
def parallel_reduce(
    fn: Callable[[_T, _T], _T],
    items: Iterable[_T],
    initial: _T = _MISSING,
    /,
    *,
    n_threads: SupportsIndex | None = None,
    chunk_size: SupportsIndex | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> _T:
    """Combine all items by fn, in several threads, and return the result.

    >>> parallel_reduce(max, [3, 1, 4, 1, 5])
    5
    >>> parallel_reduce(str.__add__, "abc", "letters: ")
    'letters: abc'

    fn has to be associative: fn(fn(a, b), c) equals fn(a, fn(b, c)). The order of the items is
    kept, so fn(a, b) need not equal fn(b, a). The initial value stands before the first item; if
    there are no items, it is the result. Everything else is as with parallel_map(), and as with
    functools.reduce().

    Results of neighbouring chunks are combined by the workers, too, so fn may be expensive. It must
    not change its arguments, unless nobody else uses them.
    """
    flight = _flight(fn, n_threads, chunk_size, executor, progress)
    # One item alone is no work.
    source = _source(flight, items, least=2)
    partial: list[_T] = _Line(flight, source).reduced()
    if initial is not _MISSING:
        return reduce(fn, partial, initial)
    if not partial:
        raise TypeError("parallel_reduce() of no items with no initial value")
    result: _T = reduce(fn, partial)
    return result


def _flight(
    fn: Callable[..., Any],
    n_threads: SupportsIndex | None,
    chunk_size: SupportsIndex | None,
    executor: Executor | None,
    progress: Progress | None,
) -> Flight:
    return Flight(
        fn, executor=executor, n_threads=n_threads, chunk_size=chunk_size, progress=progress
    )


def _source(flight: Flight, items: Iterable[_T], least: int = 1) -> Source[_T]:
    return Source(items, ChunkSize(flight.target, flight.chunk_size, least), flight.clock)


def _results(
    flight: Flight, work: Work, source: Source[Any], is_ordered: bool
) -> Generator[Any, None, None]:
    """Yield the results of all chunks."""
    chunks = results_of_chunks(flight, work, source, is_ordered)
    try:
        for results in chunks:
            yield from results
            # They are not needed until the next ones are there.
            del results
    finally:
        # If another thread ends this generator, dropping that one would not end it at once.
        chunks.close()


def results_of_chunks(
    flight: Flight, work: Work, source: Source[Any], is_ordered: bool
) -> Generator[list[Any], None, None]:
    """Yield the results of each chunk."""
    try:
        with flight:
            # The chunks that have landed and have not been read.
            landed: dict[int, Chunk] = {}
            read = sent = 0
            while True:
                while sent - read < flight.window and not (source.is_over or flight.is_stopping):
                    if items := source.draw():
                        flight.send(work, items, len(items), source.seconds)
                        sent += 1
                    del items
                    if not is_ordered:
                        source.raise_error()
                if read == sent:
                    break
                while not (read in landed if is_ordered else landed):
                    chunk = _receive(flight, source)
                    landed[chunk.number] = chunk
                    if not is_ordered:
                        chunk.raise_error()
                chunk = landed.pop(read if is_ordered else next(iter(landed)))
                read += 1
                yield chunk.take_results()
                chunk.raise_error()
            source.raise_error()
    finally:
        source.close()


def _receive(flight: Flight, source: Source[Any]) -> Chunk:
    chunk = flight.receive()
    if chunk.error is None and chunk.count:
        source.size.measure(chunk.count, chunk.seconds)
        flight.report(chunk.count)
    return chunk


class _Part:
    """A stretch of the items of parallel_reduce(): with the workers, or the values for it."""

    __slots__ = ("after", "before", "values")

    def __init__(self, before: "_Part | None") -> None:
        self.before = before
        self.after: _Part | None = None
        # Of parts beside each other in which no work is left but to combine these.
        self.values: list[Any] = []


class _Line:
    """The parts of parallel_reduce(), in the order of the items."""

    def __init__(self, flight: Flight, source: Source[Any]) -> None:
        self._flight = flight
        self._source = source
        self._last: _Part | None = None

    def reduced(self) -> list[Any]:
        """Return values that are left to be combined, in order; there are few or it is cheap."""
        flight, source = self._flight, self._source
        try:
            with flight:
                while True:
                    while flight.has_room and not source.is_over:
                        if items := source.draw():
                            self._send_items(items)
                        source.raise_error()
                    if flight.is_empty:
                        return self._last.values if self._last is not None else []
                    chunk = _receive(flight, source)
                    chunk.raise_error()
                    part: _Part = chunk.what
                    part.values = chunk.take_results()
                    self._join(part)
                    if len(part.values) >= source.size.now:
                        values, part.values = part.values, []
                        flight.send(reduce_items, values, 0, 0.0, part)
        finally:
            self._unlink()
            source.close()

    def _send_items(self, items: list[Any]) -> None:
        part = _Part(self._last)
        if self._last is not None:
            self._last.after = part
        self._last = part
        self._flight.send(reduce_items, items, len(items), self._source.seconds, part)

    def _unlink(self) -> None:
        """Let the parts go, which refer to each other, without the collector."""
        part, self._last = self._last, None
        while part is not None:
            part.after, part = None, part.before

    def _join(self, part: _Part) -> None:
        """Unite the part with its neighbours, if they have values, too."""
        if (before := part.before) is not None and before.values:
            # The list of many is before the one, if the workers keep the order.
            before.values += part.values
            part.values = before.values
            part.before = before.before
            if part.before is not None:
                part.before.after = part
        if (after := part.after) is not None and after.values:
            part.values += after.values
            part.after = after.after
            if part.after is not None:
                part.after.before = part
            else:
                self._last = part
