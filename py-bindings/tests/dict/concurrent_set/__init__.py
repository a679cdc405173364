"""ConcurrentSet: its own methods, the life of elements, and its use by threads."""
