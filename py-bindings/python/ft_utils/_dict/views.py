"""The lists that ``ConcurrentDict.keys()`` and ``items()`` return.

Each is a snapshot. It is a list, because programs written for ``ft_utils`` 0.2.0 expect one, and it
has the set operations and comparisons of a mapping's views, because programs written for ``dict``
expect those.

Compared with another list, ``==`` and ``!=`` compare item by item in order, and ``<``, ``<=``,
``>`` and ``>=`` raise ``TypeError``: the order of keys is unspecified, so the answer would be a
matter of luck.
"""

import operator
from collections.abc import Callable, ItemsView, Iterable, KeysView, Set
from typing import Any, TypeVar, cast

T = TypeVar("T")
S = TypeVar("S")


class _SetOfList(list[T]):
    """A list with the operators of a set, for any iterable on the other side."""

    __slots__ = ()
    __hash__ = None

    def _view(self) -> Set[T]:
        """Return the view of a dict with the same contents; comparisons use it."""
        raise NotImplementedError

    def _compare(self, other: Any, operation: Callable[[Any, Any], bool]) -> bool:
        if isinstance(other, _SetOfList):
            return operation(self._view(), other._view())
        if isinstance(other, Set):
            return operation(self._view(), other)
        return NotImplemented  # type: ignore[no-any-return]

    def _order(self, other: Any, operation: Callable[[Any, Any], bool], sign: str) -> bool:
        if isinstance(other, list) and not isinstance(other, _SetOfList):
            # Raised here: after NotImplemented, Python would ask the list.
            message = (
                f"'{sign}' not supported between instances of '{type(self).__name__}' and "
                f"'{type(other).__name__}': keys are in no order; compare with a set, or sort both"
            )
            raise TypeError(message)
        return self._compare(other, operation)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, list) and not isinstance(other, _SetOfList):
            return list.__eq__(self, other)
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        if isinstance(other, list) and not isinstance(other, _SetOfList):
            return list.__ne__(self, other)
        return self._compare(other, operator.ne)

    def __lt__(self, other: Any) -> bool:
        return self._order(other, operator.lt, "<")

    def __le__(self, other: Any) -> bool:
        return self._order(other, operator.le, "<=")

    def __gt__(self, other: Any) -> bool:
        return self._order(other, operator.gt, ">")

    def __ge__(self, other: Any) -> bool:
        return self._order(other, operator.ge, ">=")

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
        """Tell whether this list and the other iterable have no item in common."""
        return self._view().isdisjoint(other)


class Keys(_SetOfList[T]):
    """The keys of a ConcurrentDict at one moment."""

    __slots__ = ()

    def _view(self) -> Set[T]:
        return dict.fromkeys(self).keys()


class Items(_SetOfList[T]):
    """The pairs of keys and values of a ConcurrentDict at one moment."""

    __slots__ = ()

    def _view(self) -> Set[Any]:
        # Not a set: the values need not be hashable.
        return dict(cast("list[tuple[Any, Any]]", self)).items()


KeysView.register(Keys)
ItemsView.register(Items)
