"""The package as a whole: names, the GIL, the life of a process."""
