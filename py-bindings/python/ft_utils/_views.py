"""What ``ConcurrentDict.keys()`` and ``items()`` return.

Each is a snapshot, and a list, as programs written for ``ft_utils`` 0.2.0 expect; and it has the set
operations of a mapping's views, as programs written for ``dict`` expect.
"""

from collections.abc import ItemsView, Iterable, KeysView, Set
from typing import TypeVar

T = TypeVar("T")


class _SetOfList(list[T], Set[T]):
    """A list whose ``&``, ``|``, ``-``, ``^`` and ``isdisjoint`` are those of a set."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def _from_iterable(cls, it: Iterable[T]) -> set[T]:  # type: ignore[override]
        return set(it)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Set) and not isinstance(other, list):
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
