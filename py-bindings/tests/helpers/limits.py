"""How long a test may wait."""

# Long enough for a loaded machine; nothing waits this long unless it is broken.
LONG = 30.0
# The same for what takes a compiler or a program of its own some time where nothing else runs.
VERY_LONG = 20 * LONG
