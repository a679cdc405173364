"""Every operation of every class, on objects that mean harm."""

import functools
import gc
import os
import re
import signal
import sys
import weakref

import ft_utils
import pytest
from ft_utils import _native
from helpers.marks import WITH_FORK
from helpers.operations import ERRORS, OPERATIONS, Fuse, Imp, function, make, use
from helpers.threads import Task

# Attributes that run no user code: Python's own, and those that are None.
NO_OPERATIONS = {
    "__annotations__",
    "__class_getitem__",
    "__dict__",
    "__doc__",
    "__hash__",
    "__init__",
    "__module__",
    "__name__",
    "__new__",
    "__qualname__",
    "__vectorcalloffset__",
    "__weakref__",
}
# Made by the package for one purpose, which these are.
EXCEPTIONS = {"Empty", "EmptyDequeError", "Full", "QueueFailed", "ShutDown", "Stopped"}
NOT_ATTACKED = {*EXCEPTIONS, "MissingType", "StdOrderedQueue"}

# One thread compares items of theirs at a time, the others wait: that is documented.
WAIT_FOR_COMPARISONS = {"StdConcurrentPriorityQueue", "StdOrderedQueueIterator"}

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, forks, and collects garbage")


def native_classes():
    found = {name: kind for name, kind in vars(_native).items() if isinstance(kind, type)}
    coroutine = ft_utils.ConcurrentQueue().get_async()
    coroutine.close()
    return {**found, "Coroutine": type(coroutine)}


def test_table_has_every_class():
    assert set(native_classes()) - NOT_ATTACKED == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_table_has_every_operation(name):
    kind = native_classes()[name]
    has = {attribute for base in kind.__mro__[:-1] for attribute in vars(base)}
    text = " ".join(OPERATIONS[name].all)
    tried = set(re.findall(r"\b(?:o|LocalWrapper|type\(o\))\.(\w+)", text))
    if hasattr(kind, "__buffer__") is False:
        tried.discard("__buffer__")
    assert has - NO_OPERATIONS == tried - NO_OPERATIONS


class Stop(KeyboardInterrupt):
    """The exception that an object raises."""


class Equal(Imp):
    """Is equal to everything."""


class Different(Imp):
    """Is equal to nothing."""

    equal = False


class Mortal(Imp):
    """An object that lights the fuse at its end, and not before."""

    def act(self):
        pass

    def __del__(self):
        super().act()


def attack(name, deed, kind=Imp, check=lambda line, ended: None, most=100, lines="all"):
    """Call every operation with objects that do the deed in the first thing that is asked of them,
    then again with others that do it in the second, and so on, until there is no such thing."""
    for line in getattr(OPERATIONS[name], lines):
        for n in range(1, most + 1):
            if not is_harmful(name, line, n, deed, kind, check):
                break
        else:
            assert most == 1, f"{line} never ends"


def is_harmful(name, line, n, deed, kind, check):
    objects = [kind(), kind()]
    died = [weakref.ref(one) for one in objects]
    o = make(name, objects[0])
    fuse = Fuse(functools.partial(deed, name, o), n)
    for one in objects:
        one.fuse = fuse
    if kind is Mortal:
        del one, objects[0]
    ended = None
    try:
        function(line)(o, objects.pop())
    except ERRORS:
        pass
    except Stop:
        ended = Stop
    finally:
        # Reports of errors call these objects, too.
        is_burnt = fuse.left <= 0
        fuse.deed = int
    objects.clear()
    use(name, o)
    check(line, ended)
    one = fuse = o = None
    if any(ref() is not None for ref in died):
        gc.collect()
        assert [ref() for ref in died] == [None, None], (line, n)
    return is_burnt


@pytest.mark.parametrize("kind", [Equal, Different])
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_they_raise_comes_out(name, kind):
    raised = []

    def deed(_name, _o):
        raised.append(Stop)
        raise Stop

    def check(line, ended):
        assert [ended] == (raised or [None]), line
        raised.clear()

    attack(name, deed, kind, check)


@pytest.mark.parametrize("kind", [Equal, Different, Mortal])
@pytest.mark.parametrize("name", OPERATIONS)
def test_they_use_the_same_object(name, kind):
    attack(name, use, kind)


def use_in_a_thread(name, o):
    Task(use, name, o).result()


@pytest.mark.parametrize("kind", [Equal, Different, Mortal])
@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - WAIT_FOR_COMPARISONS))
def test_they_start_threads_that_use_it(name, kind):
    # Not what may wait: the threads leave locks locked.
    attack(name, use_in_a_thread, kind, lines="never_waits")


@WITH_FORK
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("name", OPERATIONS)
def test_they_fork(name):
    parent = os.getpid()

    def deed(_name, _o):
        if child := os.fork():
            assert os.waitpid(child, 0) == (child, 0)
        else:
            signal.alarm(20)

    def check(_line, _ended):
        # The child has come to the end of the call too; the parent waited for this.
        if os.getpid() != parent:
            os._exit(0)

    try:
        attack(name, deed, check=check, most=1)
    finally:
        if os.getpid() != parent:
            os._exit(1)


@pytest.mark.parametrize("name", OPERATIONS)
def test_they_raise_at_their_end(name, monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: seen.append(report.exc_type))

    def deed(_name, _o):
        raise Stop

    attack(name, deed, Mortal)
    assert set(seen) <= {Stop}


def collect(_name, _o):
    gc.collect()


@pytest.mark.parametrize("name", OPERATIONS)
def test_they_collect_garbage(name):
    attack(name, collect, most=1)
