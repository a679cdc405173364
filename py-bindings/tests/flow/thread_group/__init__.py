"""ThreadGroup: threads that end together."""
