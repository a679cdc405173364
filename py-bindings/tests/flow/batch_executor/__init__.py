"""BatchExecutor: results of a function that one thread at a time runs, for all threads."""
