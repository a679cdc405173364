"""AtomicInt64: an int that threads change in atomic steps."""
