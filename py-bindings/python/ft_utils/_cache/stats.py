"""What caches have counted."""

from typing import NamedTuple


class CacheStats(NamedTuple):
    """What has happened in a ConcurrentCache since it was made, or since reset_stats().

    A call that finds a value is a hit, also if it has waited for another caller that computed it,
    and if it then replaces a stale value by a new one.
    """

    hits: int
    misses: int
    computations: int
    failures: int
    evictions: int
    expirations: int
    removals: int
    replacements: int
    # The time of all computations that have brought a value, in seconds.
    load_time: float


class CacheInfo(NamedTuple):
    """What ``cache_info()`` returns: the same as that of ``functools.lru_cache``."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int
