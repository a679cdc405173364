"""Work that is spread over threads, and results that are gathered: the part in Python."""
