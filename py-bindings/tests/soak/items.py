"""Items whose life is counted, and the list of scenarios."""

from collections.abc import Callable, Iterator

import ft_utils

N = 200
THREADS = 3

alive = ft_utils.AtomicInt64()
scenarios: list[Callable[[], None]] = []


class Item:
    """An object whose life is counted."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        alive.incr()

    def __del__(self) -> None:
        alive.decr()

    def __hash__(self) -> int:
        return hash(self.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and self.number == other.number

    def __lt__(self, other: "Item") -> bool:
        return self.number < other.number


def scenario(function: Callable[[], None]) -> Callable[[], None]:
    """Make a round of a function."""
    scenarios.append(function)
    return function


def numbers(items) -> list[int]:
    return sorted(item.number for item in items)


def shared_out(index: int) -> Iterator[Item]:
    """Yield this thread's part of N items."""
    return map(Item, range(index, N, THREADS))


def emptied(take: Callable[[], Item], *errors: type[Exception]) -> list[Item]:
    """Take until it fails."""
    items = []
    try:
        while True:
            items.append(take())
    except errors:
        return items
