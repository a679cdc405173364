"""Chunks of items: how many items are in one, and the work on them in a worker."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import reduce
from itertools import islice, starmap
from typing import Any, Generic, NamedTuple, TypeVar

_T = TypeVar("_T")

Clock = Callable[[], float]

# A chunk has at most so many times the items of the one that was measured before it,
_GROWTH = 8
# and never more than this, because its items and results are held in memory.
_MOST = 1 << 16


class ChunkSize:
    """How many items the next chunk has, so that a worker needs about target seconds for it."""

    def __init__(self, target: float, fixed: int | None = None, least: int = 1) -> None:
        self._target = target
        self._is_fixed = fixed is not None
        self._least = least
        self.now = least if fixed is None else max(least, fixed)

    def measure(self, count: int, seconds: float, *, is_done: bool = True) -> None:
        """Note how long a chunk took, so far or in the end."""
        if self._is_fixed or count == 0:
            return
        # A short one says little about longer ones, unless it took long.
        if seconds < self._target and not (is_done and count * _GROWTH >= self.now):
            return
        most = min(count * _GROWTH, _MOST)
        # Not all clocks tell a short time from none.
        fit = most if seconds * most <= count * self._target else count * self._target / seconds
        self.now = max(self._least, int(fit))


class MayFail:
    """Keeps an error until it is its turn."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def raise_error(self) -> None:
        """Raise the error, if there is one, and do not keep it."""
        error, self.error = self.error, None
        try:
            if error is not None:
                raise error
        finally:
            # The traceback of the error has this frame.
            del error


class Source(MayFail, Generic[_T]):
    """Draws chunks from an iterable, in the thread that calls."""

    def __init__(self, items: Iterable[_T], size: ChunkSize, clock: Clock) -> None:
        # What the iterable raises in the end is the error.
        super().__init__()
        self._items: Iterator[_T] = iter(items)
        self.size = size
        self._clock = clock
        # Nothing is drawn any more.
        self.is_over = False
        # How long the last chunk took to be drawn.
        self.seconds = 0.0

    def draw(self) -> list[_T]:
        """Return the items of the next chunk; none if the iterable has ended or failed."""
        items: list[_T] = []
        size = self.size.now
        began = self._clock()
        try:
            items.extend(islice(self._items, size))
            self.is_over = len(items) < size
        except Exception as error:
            self.is_over, self.error = True, error
        # A slow iterable gets small chunks, so that its first items need not wait for the others.
        self.seconds = self._clock() - began
        self.size.measure(len(items), self.seconds, is_done=False)
        return items

    def close(self) -> None:
        """Draw nothing more, and let a generator clean up."""
        # The traceback of an error that nobody has asked for leads back to here.
        self.is_over, self.error = True, None
        items, self._items = self._items, iter(())
        # Other iterators that can be closed, such as files, belong to somebody. It may be this
        # generator that has led to here.
        if isinstance(items, Generator) and not getattr(items, "gi_running", False):
            items.close()


class Broken(Exception):
    """Raised by a worker: the results of a chunk before an exception, and that exception.

    An exception that is raised leaves the frames of the executor, and so is in no cycle with them.
    """

    def __init__(self, results: list[Any], error: BaseException) -> None:
        super().__init__(results, error)
        self.results = results
        self.error = error


class Outcome(NamedTuple):
    """What a worker made of a chunk."""

    results: list[Any]
    seconds: float


# Puts the results of the calls for some items into a list.
Work = Callable[[Callable[..., Any], list[Any], list[Any]], object]


def run_chunk(work: Work, fn: Callable[..., Any], items: list[Any], clock: Clock) -> Outcome:
    """Do the work in a worker. If the list is emptied meanwhile, the work ends after its item."""
    results: list[Any] = []
    began = clock()
    try:
        work(fn, items, results)
    except BaseException as error:
        raise Broken(results, error) from error
    return Outcome(results, clock() - began)


def map_items(fn: Callable[..., Any], items: list[Any], results: list[Any]) -> None:
    """Keep each result. Those before an exception are in the list."""
    results.extend(map(fn, items))
    _refuse_stop(items, results)


def map_tuples(fn: Callable[..., Any], items: list[Any], results: list[Any]) -> None:
    """Do the same if each item is a tuple of arguments."""
    results.extend(starmap(fn, items))
    _refuse_stop(items, results)


def _refuse_stop(items: list[Any], results: list[Any]) -> None:
    """Raise an error if a call has ended the iterator of the results, and its error is lost."""
    # If the list was emptied meanwhile, there are not fewer.
    if len(results) < len(items):
        raise RuntimeError("fn raised StopIteration")


def call_items(fn: Callable[..., Any], items: list[Any], results: list[Any]) -> None:
    """Keep nothing."""
    # Not by map(), for which StopIteration would be the end.
    for item in items:
        fn(item)


def reduce_items(fn: Callable[..., Any], items: list[Any], results: list[Any]) -> None:
    """Keep one result."""
    results.append(reduce(fn, items))
