"""No operation leaves anything behind, whether it succeeds or fails."""

import gc
import sys

import pytest
from helpers.operations import ERRORS, OPERATIONS, Fuse, Imp, function, make

pytestmark = [
    pytest.mark.thread_unsafe(reason="counts the blocks of memory of the whole process"),
    pytest.mark.skipif(not hasattr(sys, "getallocatedblocks"), reason="nothing counts them"),
]

TIMES = 24


class Stop(BaseException):
    """The exception that an object raises."""


def fail():
    raise Stop


def repeat(name, line, deed):
    call = function(line)
    for _ in range(TIMES):
        fuse = Fuse()
        x = Imp(fuse)
        o = make(name, x)
        fuse.deed, fuse.left = deed, 1
        try:
            call(o, x)
        except (Stop, *ERRORS):
            pass
        finally:
            fuse.deed = int
            if name == "Coroutine":
                o.close()


@pytest.mark.parametrize("deed", [int, fail])
@pytest.mark.parametrize("name", OPERATIONS)
def test_blocks_of_memory(name, deed):
    leaks = []
    for line in OPERATIONS[name].all:
        repeat(name, line, deed)
        # The interpreter keeps blocks for later, and gets new ones now and then: not each time.
        # Without a GIL it frees what others might still read once there are some 250 such blocks,
        # or many more if a thread has not been seen to move on meanwhile.
        for _ in range(64):
            before = sys.getallocatedblocks()
            repeat(name, line, deed)
            left = sys.getallocatedblocks() - before
            if left >= TIMES * 3 // 4:
                gc.collect()
                left = sys.getallocatedblocks() - before
            if left < TIMES * 3 // 4:
                break
        else:
            leaks.append((line, left / TIMES))
    assert not leaks
