"""fail() of all queues: every thread that waits or comes later gets the reason."""
