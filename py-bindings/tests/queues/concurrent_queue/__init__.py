"""ConcurrentQueue: first in, first out, among threads."""
