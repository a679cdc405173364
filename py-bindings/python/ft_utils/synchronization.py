"""A fair lock that polls, and a lock for many readers or one writer."""

from ft_utils._native import IntervalLock, RWLock, RWReadContext, RWWriteContext

__all__ = ["IntervalLock", "RWLock", "RWReadContext", "RWWriteContext"]
