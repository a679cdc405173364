"""Helpers for the tests in this folder."""

import gc
import sys
import threading
import weakref
from types import ModuleType

import pytest
from helpers.limits import LONG
from helpers.objects import Thing
from helpers.threads import Task

# The collector alone frees an object that is counted so.
needs_defer = pytest.mark.skipif(sys.version_info < (3, 14), reason="3.14 brings it")

# `PyUnstable_TryIncRef`, with which it is compared.
needs_try = pytest.mark.skipif(sys.version_info < (3, 14), reason="3.14 brings it")

# What `ob_ref_local` of an immortal object is, and the flags in `ob_ref_shared` of one that its
# thread is to see to.
IMMORTAL = 2**32 - 1


class Made:
    """An object whose one reference the test owns, and is to give up."""

    def __init__(self, ext: ModuleType, how: str) -> None:
        # In which threads it died.
        self.deaths: list[int] = []
        deaths = self.deaths
        thing = Thing(lambda: deaths.append(threading.get_ident()))
        if how == "weakly":
            self.weak = weakref.ref(thing)
        elif how == "deferred":
            assert ext.defer(thing)
        self.address = id(thing)
        ext.count(self.address, "+", False, deaths)


class Owner:
    """A thread that makes objects, and then waits until the end of the block.

    It runs no bytecode there, where the interpreter would have it see to its objects. While it is
    detached, another thread may do that on its behalf; in a call that computes something, none may.
    """

    def __init__(self, ext: ModuleType, how: str, *, attached: bool, number: int = 2) -> None:
        self.made: list[Made] = []
        leave, may_end, ready = ext.Leave(), threading.Lock(), threading.Event()
        self._leave, self._may_end = leave, may_end
        may_end.acquire()

        def work() -> None:
            self.made += [Made(ext, how) for _ in range(number)]
            ready.set()
            if attached:
                assert leave.stay_attached(LONG)
            else:
                assert may_end.acquire(timeout=LONG)

        self._task = Task(work)
        assert ready.wait(LONG)
        if not attached:
            self._task.until_asleep()

    def end(self) -> None:
        """Let it go on, and end."""
        if not self._task.is_done():
            self._leave.give()
            self._may_end.release()
        self._task.result()

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()


def states(trace: list, me: int) -> set[str]:
    """Return the states of an object in some of the steps."""
    found = set()
    for tid, local, shared in filter(None, trace):
        whose = {0: "nobody's", me: "own"}.get(tid, "theirs")
        found.add("immortal" if local == IMMORTAL else whose)
        found |= {("", "weakly", "queued", "merged")[shared & 3]} - {""}
        if shared >> 2 > 2**40:
            found.add("deferred")
        elif shared >> 2:
            found.add("shared" if shared > 0 else "negative")
    return found


def thread_id(ext: ModuleType) -> int:
    """The `ob_tid` of what this thread makes."""
    thing = object()
    ((tid, _, _),) = ext.count(id(thing), "", False, [])
    return tid


def total(ext: ModuleType, made: Made) -> int:
    """How many references there are."""
    ((_, local, shared),) = ext.count(made.address, "", False, made.deaths)
    return local + (shared >> 2)


def let_go(ext: ModuleType, made: Made, *, inline: bool) -> None:
    """Give up all references that are left, and see it die at the last one."""
    ((_, local, _),) = ext.count(made.address, "", False, made.deaths)
    if local > 2**31:
        ext.count(made.address, "1", inline, made.deaths)
    count = total(ext, made)
    if count > 2**40:
        # The collector sees that nobody refers to it, and not before.
        count -= DEFERRED
        ext.count(made.address, "-" * count, inline, made.deaths)
        assert not made.deaths
        gc.collect()
        assert made.deaths
        return
    trace = ext.count(made.address, "-" * count, inline, made.deaths)
    assert [each is None for each in trace] == [False] * count + [True]


# The constant that stands for references that are not counted: `_Py_REF_DEFERRED`.
DEFERRED = sys.maxsize // 8
