"""ConcurrentCounter."""
