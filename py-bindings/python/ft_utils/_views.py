"""What ``ConcurrentDict.keys()`` and ``items()`` return.

Each is a snapshot, and a list, as programs written for ``ft_utils`` 0.2.0 expect; and it has the
set operations of a mapping's views, as programs written for ``dict`` expect.
"""

from collections.abc import ItemsView, Iterable, KeysView
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")


class _SetOfList(list[T]):
    """A list with the operators of a set, for any iterable on the other side."""

    __slots__ = ()
    __hash__ = None

    def __and__(self, other: Iterable[object]) -> set[T]:
        return set(self).intersection(other)

    def __or__(self, other: Iterable[S]) -> set[T | S]:
        return set(self).union(other)

    def __sub__(self, other: Iterable[object]) -> set[T]:
        return set(self).difference(other)

    def __xor__(self, other: Iterable[S]) -> set[T | S]:
        return set[T | S](self).symmetric_difference(other)

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__

    def __rsub__(self, other: Iterable[S]) -> set[S]:
        return set(other).difference(self)

    def isdisjoint(self, other: Iterable[object]) -> bool:
        """Tell whether it has nothing in common with other."""
        return set(self).isdisjoint(other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (set, frozenset)):
            return set(self) == other
        return list.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


class Keys(_SetOfList[T]):
    """The keys that a ConcurrentDict had."""

    __slots__ = ()


class Items(_SetOfList[T]):
    """The keys that a ConcurrentDict had, with their values, in pairs."""

    __slots__ = ()


KeysView.register(Keys)
ItemsView.register(Items)
