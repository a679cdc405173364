"""The parts of ConcurrentDict that are written in Python."""
