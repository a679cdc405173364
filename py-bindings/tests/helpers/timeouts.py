"""Timeouts that every wait refuses, and the errors."""


class OddFloat:
    def __float__(self):
        raise LookupError


BAD_TIMEOUTS = [
    ("x", TypeError),
    ([], TypeError),
    (1j, TypeError),
    (-1, ValueError),
    (-0.001, ValueError),
    (float("nan"), ValueError),
    (OddFloat(), LookupError),
    (10**400, OverflowError),
]
