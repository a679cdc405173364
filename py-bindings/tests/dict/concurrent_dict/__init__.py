"""ConcurrentDict: its own methods, the life of keys and values, and its use by threads."""
