"""Tools that the tests of several rooms use."""
