"""Event, Latch and AtomicFlag: what opens, and lets all through that wait."""
