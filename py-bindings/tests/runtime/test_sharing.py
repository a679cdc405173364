"""share(), and the classes whose objects have deferred reference counts from the start."""

import gc
import sys
import weakref

import pytest
from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    BatchExecutor,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentGatheringIterator,
    ConcurrentQueue,
    ConcurrentSet,
    Event,
    IntervalLock,
    Latch,
    Lock,
    ManualClock,
    ProcessSemaphore,
    RateLimiter,
    RWLock,
    StdConcurrentLifoQueue,
    StdConcurrentPriorityQueue,
    StdConcurrentQueue,
    StripedCounter,
    is_shared,
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
    Event: (),
    IntervalLock: (),
    Latch: (1,),
    Lock: (),
    ManualClock: (),
    ProcessSemaphore: (1,),
    RateLimiter: (1,),
    RWLock: (),
    StripedCounter: (),
}

# The classes that can be made shared, and arguments that make an object.
CONTAINERS = {
    AtomicReference: ([],),
    BatchExecutor: (int, 8),
    ConcurrentDeque: ([1], 3),
    ConcurrentDict: (1, {1: 2}),
    ConcurrentGatheringIterator: (),
    ConcurrentQueue: (),
    ConcurrentSet: ([1],),
    StdConcurrentLifoQueue: (3,),
    StdConcurrentPriorityQueue: (3,),
    StdConcurrentQueue: (3,),
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


containers = pytest.mark.parametrize(("make", "arguments"), CONTAINERS.items())


@containers
def test_shared_when_made(make, arguments):
    assert is_shared(make(*arguments, shared=True)) is CAN_DEFER
    assert is_shared(make(*arguments)) is False
    assert is_shared(make(*arguments, shared=False)) is False


@containers
def test_any_truth_value(make, arguments):
    assert is_shared(make(*arguments, shared=[1])) is CAN_DEFER
    assert is_shared(make(*arguments, shared=None)) is False

    class Undecided:
        def __bool__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make(*arguments, shared=Undecided())


@containers
def test_shared_subclass(make, arguments):
    class Plainly(make):
        pass

    assert is_shared(Plainly(*arguments, shared=True)) is CAN_DEFER

    class Always(make):
        def __new__(cls, *words):
            return super().__new__(cls, *words, shared=True)

        def __init__(self, *words):
            if make.__init__ is not object.__init__:
                super().__init__(*words, shared=True)

    assert is_shared(Always(*arguments)) is CAN_DEFER


@containers
def test_shared_is_a_keyword(make, arguments):
    with pytest.raises(TypeError):
        make(*arguments, *[None] * 9, True)
    with pytest.raises(TypeError):
        make(*arguments, Shared=True)
    words = {"shared": True}
    make(*arguments, **words)
    assert words == {"shared": True}


@containers
def test_handle_of_shared(make, arguments):
    shared = make(*arguments, shared=True)
    assert is_shared(shared.handle()) is False


@containers
def test_failed_constructor(make, arguments):
    with pytest.raises(TypeError):
        make(*arguments, shared=True, other=1)


def test_what_is_shared():
    assert [is_shared(it) for it in ([], {}, Plain())] == [False] * 3
    assert is_shared(AtomicInt64()) is CAN_DEFER
    assert is_shared(test_what_is_shared) is CAN_DEFER
    one = Plain()
    share(one)
    assert is_shared(one) is CAN_DEFER
