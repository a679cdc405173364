"""Helpers for the tests in this folder."""

from hypothesis import strategies as st


class Bad:
    """Cannot be compared."""

    def __eq__(self, other):
        raise LookupError("no equality")

    __hash__ = None


class Same:
    """Equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


def fresh(number):
    """Make an int that is no cached one."""
    return int(str(10**20 + number))


OBJECTS = [None, 0, [], [], 10**20, Same(), Bad()]
index = st.integers(0, len(OBJECTS) - 1)
