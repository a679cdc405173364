"""AtomicFlag: a bool that threads change in atomic steps, and wait for."""
