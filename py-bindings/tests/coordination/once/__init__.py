"""Once: one call for all threads and tasks."""
