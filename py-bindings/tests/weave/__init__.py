"""Native destructors at the end of threads: the module, the header, the documentation."""
