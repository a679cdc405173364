"""What the tests of this folder share."""

import pytest
from ft_utils.concurrency import ConcurrentDeque

DEEP = 200_000


class Sub(ConcurrentDeque):
    """A subclass with nothing of its own, but attributes."""


class Bad:
    def __eq__(self, _other):
        raise LookupError

    __hash__ = None


N = 4
HEAD = """
import faulthandler, os, signal, sys, threading, time
from ft_utils.concurrency import *
faulthandler.dump_traceback_later(40, exit=True)
def until_asleep(id):
    if not sys.platform.startswith("linux"):
        return time.sleep(0.2)
    seen = 0
    while seen < 5:
        with open(f"/proc/self/task/{id}/stat") as file:
            state = file.read().rpartition(")")[2].split()[0]
        seen = seen + 1 if state == "S" else 0
        time.sleep(0.002)
d = ConcurrentDeque()
"""
WAITS = pytest.mark.parametrize("wait", ["d.pop(timeout=None)", "d.popleft(timeout=1000)"])
