"""CPython's own tests, run against the classes of this package."""
