"""Helpers for the tests in this folder."""

import threading

from ..map_ordered.shared import Drawn, Immediate, Manual, inverse, square

__all__ = ["Drawn", "Immediate", "Manual", "inverse", "square", "workers"]


def workers():
    """Return the threads of calls without an executor that are alive."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("ft_utils-par")]
