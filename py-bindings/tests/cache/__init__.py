"""ConcurrentCache and cached()."""
