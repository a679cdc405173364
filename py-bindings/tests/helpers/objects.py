"""Objects whose death is seen, and their names."""

import gc
import re
import threading
import time
import weakref
from collections.abc import Callable

from helpers.limits import LONG


def without_address(thing: object) -> str:
    """Return a parameter's repr without an address, for the name of a test in all processes."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(thing))


_one_collects = threading.Lock()


def collected(reference: weakref.ref) -> bool:
    """Tell whether the collector frees the object."""

    def collections() -> int:
        return gc.get_stats()[-1]["collections"]

    # A collection does nothing while another thread collects, and this test may run on several
    # threads. Reading the reference keeps the object alive during a collection by another thread.
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
