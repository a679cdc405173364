"""The parts of ``Once`` that are written in Python."""
