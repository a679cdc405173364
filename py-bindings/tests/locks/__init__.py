"""Locks and semaphores."""
