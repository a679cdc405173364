"""Locks, and objects on which threads and coroutines wait for each other."""

from ft_utils._native import (
    Barrier,
    Case,
    Condition,
    Event,
    IntervalLock,
    Latch,
    Lock,
    ManualClock,
    Once,
    RateLimiter,
    RWLock,
    RWReadContext,
    RWWriteContext,
    select,
    select_async,
)
from ft_utils._once.decorator import call_once

__all__ = [
    "Barrier",
    "Case",
    "Condition",
    "Event",
    "IntervalLock",
    "Latch",
    "Lock",
    "ManualClock",
    "Once",
    "RWLock",
    "RWReadContext",
    "RWWriteContext",
    "RateLimiter",
    "call_once",
    "select",
    "select_async",
]
