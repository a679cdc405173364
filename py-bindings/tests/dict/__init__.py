"""ConcurrentDict: a dict that threads share."""
