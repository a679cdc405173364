"""share(), and the classes whose objects have deferred reference counts from the start."""

import gc
import sys
import weakref

import pytest
from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentDict,
    ConcurrentQueue,
    IntervalLock,
    ProcessSemaphore,
    RWLock,
    share,
)
from helpers.builds import FREE_THREADED
from helpers.objects import collected
from helpers.threads import run_threads

CAN_DEFER = FREE_THREADED and sys.version_info >= (3, 14)

# The classes, and arguments that make an object.
OWN_NOTHING = {
    AtomicFlag: (False,),
    AtomicInt64: (),
    IntervalLock: (),
    ProcessSemaphore: (1,),
    RWLock: (),
}

owns_nothing = pytest.mark.parametrize(("make", "arguments"), OWN_NOTHING.items())


class Plain:
    pass


@pytest.mark.parametrize("make", [ConcurrentDict, ConcurrentQueue, AtomicReference, Plain, list])
def test_once(make):
    shared = make()
    assert share(shared) is CAN_DEFER
    assert share(shared) is False


@pytest.mark.parametrize("obj", [None, 5, 10**30, "text", 1.5])
def test_objects_that_the_collector_does_not_track(obj):
    assert share(obj) is False


@owns_nothing
def test_from_the_start(make, arguments):
    assert share(make(*arguments)) is False


@owns_nothing
def test_not_in_a_subclass(make, arguments):
    class Own(make):
        pass

    assert share(Own(*arguments)) is CAN_DEFER


@pytest.mark.thread_unsafe(reason="disables the collector")
@pytest.mark.skipif(not CAN_DEFER, reason="there is no deferral")
@pytest.mark.parametrize(("make", "arguments"), [*OWN_NOTHING.items(), (ConcurrentDict, ())])
def test_the_collector_frees_it(make, arguments):
    shared = make(*arguments)
    share(shared)
    reference = weakref.ref(shared)
    gc.disable()
    try:
        del shared
        assert reference() is not None
    finally:
        gc.enable()
    assert collected(reference)


@pytest.mark.parametrize(("make", "arguments"), [*OWN_NOTHING.items(), (ConcurrentDict, ())])
def test_handles_are_freed_at_once(make, arguments):
    shared = make(*arguments)
    share(shared)
    handle = shared.handle()
    reference = weakref.ref(handle)
    del handle
    assert reference() is None


def test_contents_are_freed_at_once():
    shared = ConcurrentDict()
    share(shared)
    shared[1] = content = Plain()
    reference = weakref.ref(content)
    del content
    assert reference() is not None
    del shared[1]
    assert reference() is None


def test_a_circle():
    shared = ConcurrentDict()
    share(shared)
    shared["itself"] = shared
    reference = weakref.ref(shared)
    del shared
    assert collected(reference)


def test_threads_share_while_others_use_it():
    shared = [ConcurrentDict({0: 0}) for _ in range(50)]

    def work(_):
        done = []
        for one in shared:
            one.add(0)
            done.append(share(one))
            one.add(0)
        return done

    results = run_threads(4, work)
    # One call each.
    assert [sum(each) for each in zip(*results, strict=True)] == [int(CAN_DEFER)] * len(shared)
    assert [one[0] for one in shared] == [8] * len(shared)
