"""References are counted as Python counts them, whichever thread made the object.

The free-threaded build counts those of the thread that made an object apart from all others', and
some objects live for ever and are not counted at all.
"""

import sys
import threading
import weakref

import pytest
from ft_utils import AtomicInt64, AtomicReference, ConcurrentDeque, ConcurrentDict, ConcurrentQueue
from helpers.builds import FREE_THREADED
from helpers.threads import run_threads, wait_until


class Thing:
    """Something whose end can be seen."""


def use(thing):
    """Add references and give them up again, in all ways that count them without a call."""
    d, ref, q, deque = ConcurrentDict(), AtomicReference(), ConcurrentQueue(), ConcurrentDeque()
    for _ in range(10):
        d["key"] = thing
        assert d["key"] is d.get("key") is thing
        d["key"] = None
        d["key"] = thing
        del d["key"]
        ref.set(thing)
        assert ref.get() is ref.exchange(thing) is thing
        assert ref.compare_exchange(thing, None)
        q.push(thing)
        assert q.pop() is thing
        deque.append(thing)
        assert deque[0] is deque.popleft() is thing


def in_other_thread(call, *args):
    """Call it in a thread of its own, and keep nothing of that."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call(*args)))
    thread.start()
    thread.join()
    return results.pop()


@pytest.mark.parametrize("make", [Thing, lambda: in_other_thread(Thing)], ids=["own", "others"])
@pytest.mark.parametrize("call", [lambda f, x: f(x), in_other_thread], ids=["here", "there"])
def test_as_many_as_before(make, call):
    thing = make()
    before = sys.getrefcount(thing)
    call(use, thing)
    assert sys.getrefcount(thing) == before
    end = weakref.ref(thing)
    del thing
    # If a new thread has the identity of the ended one that made the thing, the interpreter leaves
    # the end of it to that thread.
    wait_until(lambda: end() is None)


def test_in_place_operator_returns_the_same():
    x = AtomicInt64(1)
    before = sys.getrefcount(x)

    def add():
        y = x
        for _ in range(100):
            y += 1
            y -= 1
            y |= 0

    add()
    in_other_thread(add)
    assert sys.getrefcount(x) == before
    assert x.get() == 1


@pytest.mark.parametrize("made_in", ["this thread", "one that is over"])
@pytest.mark.parametrize("given_up_in", ["this thread", "another"])
def test_last_reference_is_the_containers(made_in, given_up_in):
    d = ConcurrentDict()
    thing = Thing() if made_in == "this thread" else in_other_thread(Thing)
    end = weakref.ref(thing)
    d["key"] = thing
    del thing
    assert end() is d["key"]
    if given_up_in == "this thread":
        del d["key"]
    else:
        in_other_thread(d.clear)
    assert end() is None


def test_many_threads_count_one_object():
    thing = Thing()
    d = ConcurrentDict(dictionary={"key": thing})
    before = sys.getrefcount(thing)
    kept = [ConcurrentDict() for _ in range(4)]

    def work(i):
        for n in range(2000):
            d["key"] = d["key"]
            kept[i][n] = d.get("key")
        for n in range(1000):
            del kept[i][n]

    run_threads(4, work)
    assert sys.getrefcount(thing) == before + 4 * 1000
    kept.clear()
    d.clear()
    end = weakref.ref(thing)
    del thing
    assert end() is None


@pytest.mark.skipif(not FREE_THREADED, reason="the others count these before 3.12")
def test_immortal_objects_are_not_counted():
    immortals = [None, True, 5, "interned", (), sys.intern("immortal here")]
    before = [sys.getrefcount(each) for each in immortals]
    for each in immortals:
        use(each)
        in_other_thread(use, each)
    assert [sys.getrefcount(each) for each in immortals] == before
