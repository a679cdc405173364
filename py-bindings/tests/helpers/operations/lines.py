"""Lines of Python, and those that several classes have."""

from typing import NamedTuple

from .imp import words


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in map(str.strip, text.splitlines()) if line)


class Operations(NamedTuple):
    """The operations of one class, a line of Python each."""

    make: tuple[str, ...]
    never_waits: tuple[str, ...]
    may_wait: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.never_waits + self.may_wait


def of(make: str, never_waits: str, may_wait: str = "") -> Operations:
    return Operations(lines(make), lines(never_waits), lines(may_wait))


REFUSED = """
    o.__copy__()
    o.__deepcopy__(x)
    o.__reduce_ex__(x)
"""
COMPARISONS = "".join(f"o.__{name}__(x)\n" for name in words("lt le eq ne gt ge"))
SUBSCRIPT = "type(o).__class_getitem__(x)\n"
TEXT = "o.__repr__()\n"
SHARED = REFUSED + TEXT + "o.handle()\n"
