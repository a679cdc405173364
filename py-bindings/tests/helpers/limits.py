"""How long a test may wait."""

# Long enough for a loaded machine; a wait lasts this long only if the code is broken.
LONG = 30.0
# The same for tests that run a compiler or a program, which takes a while on an idle machine.
VERY_LONG = 20 * LONG
