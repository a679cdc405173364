"""A fair lock that its owner lends out at intervals, and a lock for many readers or one writer."""

from ft_utils._native import IntervalLock, RWLock, RWReadContext, RWWriteContext

__all__ = ["IntervalLock", "RWLock", "RWReadContext", "RWWriteContext"]
