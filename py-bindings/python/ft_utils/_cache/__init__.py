"""The parts of ``ConcurrentCache`` and ``cached`` that are written in Python."""
