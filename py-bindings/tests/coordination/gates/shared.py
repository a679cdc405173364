"""Helpers for the tests in this folder."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from ft_utils import AtomicFlag, Event, Latch


class Gate(NamedTuple):
    make: Callable[[], Any]
    open: Callable[[Any], object]
    close: Callable[[Any], object]


GATES = {
    "AtomicFlag": Gate(lambda: AtomicFlag(False), lambda flag: flag.set(True), AtomicFlag.clear),
    "Event": Gate(Event, Event.set, Event.clear),
    "Latch": Gate(lambda: Latch(1), Latch.count_down, Latch.add),
}

each_gate = pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())
