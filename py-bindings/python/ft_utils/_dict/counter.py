"""ConcurrentCounter, which is a ConcurrentDict of counts."""

import heapq
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, repeat, starmap
from typing import Any, NoReturn, Self, TypeVar, cast

from ft_utils._native import ConcurrentDict

_T = TypeVar("_T")


class ConcurrentCounter(ConcurrentDict[_T, int]):
    """A collections.Counter that threads share.

    ConcurrentCounter(source=(), /, *, shared=False, **counts)

    The source is an iterable, whose elements are counted, or a mapping of elements to counts. A
    missing element has the count 0.

    >>> words = ConcurrentCounter("to be or not to be".split())
    >>> words.add("be")
    3
    >>> words.add_many(["not", "to"])
    >>> words["be"], words["never"], words.total()
    (3, 0, 9)

    add(element, n=1) is one atomic step and returns the new count. So nothing is lost, as it is by
    counter[element] += 1, which reads and writes in two steps. add_many() counts the elements of an
    iterable first, and then adds each distinct one in one step. Methods that concern all elements
    see each that is present all the time; those that change several change each in one step. A
    handle is a ConcurrentDict, which has add() and add_many().
    """

    __slots__ = ()
    __hash__ = None

    def __new__(
        cls,
        source: Iterable[_T] | Mapping[_T, int] = (),
        /,
        *,
        shared: object = False,
        **counts: int,
    ) -> Self:
        self = super().__new__(cls, shared=shared)
        self.update(source, **counts)
        return self

    def __missing__(self, element: _T) -> int:
        """Return 0, and store nothing."""
        return 0

    @classmethod
    def fromkeys(cls, iterable: Any, value: Any = None, /) -> NoReturn:
        """Raise NotImplementedError, as collections.Counter does."""
        raise NotImplementedError("ConcurrentCounter.fromkeys() is undefined; count the elements")

    def update(self, source: Any = (), /, **counts: int) -> None:
        """Add the counts of a mapping, or of the elements of an iterable, and the keywords."""
        self.add_many(source)
        if counts:
            self.add_many(cast("Mapping[_T, int]", counts))

    merge = update

    def subtract(self, source: Any = (), /, **counts: int) -> None:
        """Subtract what update() would add; counts may become negative."""
        self.add_many({element: -n for element, n in Counter(_plain(source), **counts).items()})

    def most_common(self, n: int | None = None) -> list[tuple[_T, int]]:
        """Return the n most common elements and their counts, or all, from the most common on."""
        items = self.items()
        if n is None:
            return sorted(items, key=operator.itemgetter(1), reverse=True)
        return heapq.nlargest(n, items, key=operator.itemgetter(1))

    def total(self) -> int:
        """Return the sum of all counts."""
        return sum(self.values())

    def elements(self) -> Iterator[_T]:
        """Return an iterator over the elements of one moment, each as often as its count says."""
        return chain.from_iterable(starmap(repeat, self.items()))

    def as_counter(self) -> Counter[_T]:
        """Return a copy that is a collections.Counter."""
        return Counter(self.as_dict())

    def copy(self) -> Self:
        """Return a copy of the same class."""
        return type(self)(self)

    def __delitem__(self, element: _T) -> None:
        """Remove an element, if it is there."""
        self.pop(element, 0)

    def _combine(
        self, other: Any, combine: Callable[[Any, Any], Counter[Any]]
    ) -> "ConcurrentCounter[Any]":
        if not isinstance(other, (ConcurrentCounter, Counter)):
            return NotImplemented  # type: ignore[no-any-return]
        return ConcurrentCounter(combine(self.as_counter(), _plain(other)))

    def __add__(self, other: Any) -> "ConcurrentCounter[Any]":
        """Add counts, and keep those that are positive."""
        return self._combine(other, lambda one, two: one + two)

    def __sub__(self, other: Any) -> "ConcurrentCounter[Any]":
        """Subtract counts, and keep those that are positive."""
        return self._combine(other, lambda one, two: one - two)

    def __or__(self, other: Any) -> "ConcurrentCounter[Any]":  # type: ignore[override]
        """Return the larger of both counts for each element."""
        return self._combine(other, lambda one, two: one | two)

    def __and__(self, other: Any) -> "ConcurrentCounter[Any]":
        """Return the smaller of both counts for each element."""
        return self._combine(other, lambda one, two: one & two)

    __radd__ = __add__
    __ror__ = __or__  # type: ignore[assignment]
    __rand__ = __and__

    def __rsub__(self, other: Any) -> "ConcurrentCounter[Any]":
        """Subtract counts, and keep those that are positive."""
        return self._combine(other, lambda one, two: two - one)

    def __pos__(self) -> "ConcurrentCounter[_T]":
        """Return the elements with a positive count."""
        return ConcurrentCounter(+self.as_counter())

    def __neg__(self) -> "ConcurrentCounter[_T]":
        """Return the elements with a negative count, with the opposite count."""
        return ConcurrentCounter(-self.as_counter())

    def __iadd__(self, other: Any) -> Self:
        """Add counts, each in one step; unlike those of a Counter, none is removed."""
        self.update(other)
        return self

    def __isub__(self, other: Any) -> Self:
        """Subtract counts, each in one step; unlike those of a Counter, none is removed."""
        self.subtract(other)
        return self

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        """Raise each count to that of the other, if that is larger, in one step."""
        for element, n in other.items():
            self.update_with(element, partial(max, n), 0)
        return self

    def __iand__(self, other: Any) -> Self:
        """Lower each count to that of the other, if that is smaller, in one step."""
        for element in self:
            self.update_with(element, partial(min, other.get(element, 0)), 0)
        return self

    def __eq__(self, other: object) -> bool:
        """Compare as Counter does: a missing element is one with the count 0."""
        if isinstance(other, (ConcurrentCounter, Counter)):
            return bool(self.as_counter() == _plain(other))
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        """Return the opposite of ==."""
        result = self.__eq__(other)
        return result if result is NotImplemented else not result

    def _compare(self, other: Any, compare: Callable[[Any, Any], object]) -> bool:
        if not isinstance(other, (ConcurrentCounter, Counter)):
            return NotImplemented  # type: ignore[no-any-return]
        return bool(compare(self.as_counter(), _plain(other)))

    def __le__(self, other: Any) -> bool:
        """Tell whether no count is larger than that of the other."""
        return self._compare(other, operator.le)

    def __lt__(self, other: Any) -> bool:
        """Tell whether no count is larger than that of the other, and one is smaller."""
        return self._compare(other, operator.lt)

    def __ge__(self, other: Any) -> bool:
        """Tell whether no count is smaller than that of the other."""
        return self._compare(other, operator.ge)

    def __gt__(self, other: Any) -> bool:
        """Tell whether no count is smaller than that of the other, and one is larger."""
        return self._compare(other, operator.gt)


def _plain(source: Any) -> Any:
    """Return a source, as a Counter if it is ours."""
    return source.as_counter() if isinstance(source, ConcurrentCounter) else source


# Where users find it, and where pickle looks for the class.
ConcurrentCounter.__module__ = "ft_utils.concurrency"
