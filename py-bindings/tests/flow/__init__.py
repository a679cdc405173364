"""Work that is spread over threads, and results that are gathered."""
