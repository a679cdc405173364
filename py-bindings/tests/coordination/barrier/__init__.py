"""Barrier: threads and tasks that pass together."""
