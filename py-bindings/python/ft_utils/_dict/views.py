"""What ``ConcurrentDict.keys()`` and ``items()`` return.

Each is a snapshot, and a list, as programs written for ``ft_utils`` 0.2.0 expect; and it has the
set operations and comparisons of a mapping's views, as programs written for ``dict`` expect.

Beside another list ``==`` and ``!=`` are those of lists, item by item in order, and ``<`` and its
like raise ``TypeError``: the order of keys is unspecified, so the answer would be a matter of luck.
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
        """The view of a dict with the same contents: it says what a comparison means."""
        raise NotImplementedError

    def _compare(self, other: Any, operation: Callable[[Any, Any], bool]) -> bool:
        if isinstance(other, _SetOfList):
            return operation(self._view(), other._view())
        if isinstance(other, Set):
            return operation(self._view(), other)
        return NotImplemented  # type: ignore[no-any-return]

    def _order(self, other: Any, operation: Callable[[Any, Any], bool], sign: str) -> bool:
        if isinstance(other, list) and not isinstance(other, _SetOfList):
            # Said here, because Python would ask the list next.
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
        """Tell whether it has nothing in common with other."""
        return self._view().isdisjoint(other)


class Keys(_SetOfList[T]):
    """The keys that a ConcurrentDict had."""

    __slots__ = ()

    def _view(self) -> Set[T]:
        return dict.fromkeys(self).keys()


class Items(_SetOfList[T]):
    """The keys that a ConcurrentDict had, with their values, in pairs."""

    __slots__ = ()

    def _view(self) -> Set[Any]:
        # Not a set: the values need not be hashable.
        return dict(cast("list[tuple[Any, Any]]", self)).items()


KeysView.register(Keys)
ItemsView.register(Items)
