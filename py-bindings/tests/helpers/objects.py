"""Objects whose death is seen, and their names."""

import gc
import re
import threading
import time
import weakref
from collections.abc import Callable

from helpers.limits import LONG


def without_address(thing: object) -> str:
    """Return a parameter's repr as it is in each process, for the name of a test."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(thing))


_one_collects = threading.Lock()


def collected(reference: weakref.ref) -> bool:
    """Tell whether the collector frees the object."""

    def collections() -> int:
        return gc.get_stats()[-1]["collections"]

    # A call does nothing while another thread collects, as this test may on several threads. And a
    # look at the object keeps it alive if the collection of another comes in between.
    with _one_collects:
        end, deadline = collections() + 3, time.monotonic() + LONG
        while reference() is not None and collections() < end:
            gc.collect()
            assert time.monotonic() < deadline, "other threads collect all the time"
        return reference() is None


class Thing:
    """An object that can be referred to weakly, and whose death is seen."""

    def __init__(self, at_death: Callable[[], object] = lambda: None) -> None:
        self.at_death = at_death

    def __del__(self) -> None:
        self.at_death()
