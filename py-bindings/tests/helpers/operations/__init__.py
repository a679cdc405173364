"""Every operation of every class, for the tests that treat all of them alike.

An operation is a line of Python: `o` is the object, and `x` stands wherever the operation takes
something from its user. A test puts an `Imp` there. Each room of the package has a module here.

`make` has the constructors; the first one puts `x` where the object can hold it. The operations in
`never_waits` return at once, whatever state the object is in. Those in `may_wait` return at once if
the object was just made, and might wait for ever otherwise.
"""

import concurrent.futures
import contextlib
import functools
from collections.abc import Callable
from typing import Any

import ft_utils

from . import atomics, caches, coordination, deque, dicts, flow, local_wrapper, locks, queues, sets
from .imp import Fuse, Imp
from .lines import Operations
from .names import NAMES

__all__ = ["ERRORS", "NAMES", "OPERATIONS", "Fuse", "Imp", "function", "make", "use"]

ROOMS = (atomics, caches, coordination, deque, dicts, flow, local_wrapper, locks, queues, sets)
OPERATIONS: dict[str, Operations] = {
    name: operations for room in ROOMS for name, operations in room.OPERATIONS.items()
}


@functools.cache
def function(line: str) -> Callable[[object, object], object]:
    """Return a line as a function of `o` and `x`."""
    return eval(f"lambda o, x: {line}", NAMES)


def make(name: str, x: object) -> Any:
    """Make an object of a class, with `x` in it if it can hold that."""
    return function(OPERATIONS[name].make[0])(None, x)


# The errors that an operation may raise: for misuse, and for objects that it does not find.
ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopAsyncIteration,
    StopIteration,
    TimeoutError,
    TypeError,
    ValueError,
    ft_utils.Empty,
    ft_utils.Full,
    ft_utils.ShutDown,
    # Of futures.
    concurrent.futures.CancelledError,
    concurrent.futures.InvalidStateError,
)


def use(name: str, o: object) -> None:
    """Do everything that does not wait."""
    for line in OPERATIONS[name].never_waits:
        with contextlib.suppress(ERRORS):
            function(line)(o, Imp())
