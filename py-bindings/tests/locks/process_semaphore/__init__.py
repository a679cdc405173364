"""ProcessSemaphore: one budget for event loops and threads."""
