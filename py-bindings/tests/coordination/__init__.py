"""Objects on which threads and coroutines wait for each other."""
