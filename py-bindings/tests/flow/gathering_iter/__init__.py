"""ConcurrentGatheringIterator: values from many threads, in the order of their keys."""
