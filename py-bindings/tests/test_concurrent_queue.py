"""ConcurrentQueue: first in, first out, among threads."""

import copy
import gc
import pickle
import sys
import threading
import time
import weakref
from collections import deque

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentQueue, Empty, Full, ShutDown
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support import Task, Thing, collected, flat, run_threads, without_address

BOTH_WAYS = pytest.mark.parametrize("lock_free", [False, True], ids=["parking", "spinning"])


class Mine(ConcurrentQueue):
    pass


def filled(items, *args, **kwargs):
    q = ConcurrentQueue(*args, **kwargs)
    q.push_many(items)
    return q


def drained(q):
    items = []
    while True:
        try:
            items.append(q.try_pop())
        except (Empty, ShutDown):
            return items


# Making one


@pytest.mark.parametrize("scaling", [None, 0, -1, 1, 64, True, AtomicInt64(3)])
def test_scaling_is_accepted(scaling):
    for q in (ConcurrentQueue(scaling), ConcurrentQueue(scaling=scaling)):
        q.push(1)
        assert q.pop() == 1


def test_constructor_forms():
    class Bad:
        def __bool__(self):
            raise LookupError

    for q in (
        ConcurrentQueue(4, True),
        ConcurrentQueue(4, lock_free="yes"),
        ConcurrentQueue(lock_free=None, scaling=2),
        ConcurrentQueue(maxsize=3),
    ):
        q.push(1)
        assert q.pop() == 1
    for args, kwargs in [
        (("4",), {}),
        ((1.5,), {}),
        ((1, True, 3), {}),
        ((), {"foo": 1}),
        ((), {"maxsize": None}),
        ((), {"maxsize": 1.0}),
    ]:
        with pytest.raises(TypeError):
            ConcurrentQueue(*args, **kwargs)
    with pytest.raises(LookupError):
        ConcurrentQueue(lock_free=Bad())
    with pytest.raises(OverflowError):
        ConcurrentQueue(maxsize=2**64)


# One thread


@BOTH_WAYS
def test_first_in_first_out(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    assert q.empty()
    for n in range(300):
        assert q.push(n) is None
    assert q.size() == 300
    assert not q.empty()
    assert [q.pop() for _ in range(300)] == list(range(300))
    assert q.size() == 0


def test_items_of_any_kind():
    items = [None, 0, "", Empty(), Empty, ShutDown(), [], q := ConcurrentQueue()]
    q.push_many(items)
    popped = [q.pop() for _ in items]
    assert all(one is other for one, other in zip(items, popped, strict=True))


def test_empty_queue():
    q = ConcurrentQueue()
    for call in (
        lambda: q.pop(0),
        lambda: q.pop(timeout=0.0),
        lambda: q.pop(False),
        lambda: q.pop(timeout=0.001),
        lambda: q.try_pop(),
        lambda: q.peek(),
        lambda: q.pop_many(3, 0),
        lambda: q.pop_many(max_items=3, timeout=0.001),
    ):
        with pytest.raises(Empty) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 0


def test_full_queue():
    q = filled("ab", maxsize=2)
    assert q.full()
    assert q.maxsize == 2
    for call in (
        lambda: q.push("c", 0),
        lambda: q.push(value="c", timeout=0.001),
        lambda: q.try_push("c"),
        lambda: q.push_many("c", timeout=0),
    ):
        with pytest.raises(Full) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 2
    assert q.pop() == "a"
    assert not q.full()
    q.push("c", timeout=0)
    assert drained(q) == ["b", "c"]


def test_unbounded_is_never_full():
    for q in (ConcurrentQueue(), ConcurrentQueue(maxsize=0), ConcurrentQueue(maxsize=-5)):
        q.push_many(range(1000))
        assert not q.full()
        assert q.maxsize == 0


def test_try_forms():
    q = ConcurrentQueue(maxsize=1)
    assert q.try_push(value=1) is None
    assert q.try_pop() == 1


def test_peek_leaves_the_item():
    item = object()
    q = filled([item, 2])
    assert q.peek() is item
    assert q.peek() is item
    assert q.size() == 2
    assert q.pop() is item
    assert q.peek() == 2


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_many_at_once(count):
    q = ConcurrentQueue()
    q.push("first")
    assert q.push_many(iter(range(count))) is None
    assert q.size() == count + 1
    assert q.pop_many(1) == ["first"]
    if count:
        assert q.pop_many(10**6) == list(range(count))
    q.push_many(range(count))
    taken = []
    while len(taken) < count:
        some = q.pop_many(7)
        assert 1 <= len(some) <= 7
        taken += some
    assert taken == list(range(count))
    assert q.empty()


@pytest.mark.parametrize("max_items", [0, -1])
def test_bad_max_items(max_items):
    q = filled([1])
    with pytest.raises(ValueError, match="max_items must be positive"):
        q.pop_many(max_items)
    for bad in (None, "3", 1.0):
        with pytest.raises(TypeError, match="max_items"):
            q.pop_many(bad)
    assert q.pop_many(AtomicInt64(5)) == [1]


def test_push_many_stops_at_the_bound():
    q = filled("a", maxsize=3)
    with pytest.raises(Full) as caught:
        q.push_many("bcdef", timeout=0)
    assert caught.value.remaining == ["d", "e", "f"]
    assert drained(q) == ["a", "b", "c"]


def test_push_many_reads_first():
    class Failing:
        def __iter__(self):
            yield 1
            raise LookupError

    q = ConcurrentQueue()
    with pytest.raises(LookupError):
        q.push_many(Failing())
    with pytest.raises(TypeError):
        q.push_many(5)
    assert q.empty()


def test_source_may_use_the_queue():
    q = filled(range(3))

    def items():
        yield q.pop()
        q.push("during")
        yield "last"

    q.push_many(items())
    assert drained(q) == [1, 2, "during", 0, "last"]


class OddFloat:
    def __float__(self):
        raise LookupError


TIMEOUTS = [
    ("x", TypeError),
    ([], TypeError),
    (1j, TypeError),
    (-1, ValueError),
    (-0.001, ValueError),
    (float("nan"), ValueError),
    (float("-inf"), ValueError),
    (OddFloat(), LookupError),
    (10**400, OverflowError),
]


@BOTH_WAYS
@pytest.mark.parametrize(("timeout", "error"), TIMEOUTS, ids=without_address)
def test_bad_timeout_leaves_no_trace(lock_free, timeout, error):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=2)
    for call in (
        lambda: q.pop(timeout),
        lambda: q.pop_many(1, timeout),
        lambda: q.push(1, timeout),
        lambda: q.push_many([1], timeout),
    ):
        with pytest.raises(error):
            call()
    assert q.size() == 0
    q.push_many("ab")
    with pytest.raises(error):
        q.pop(timeout)
    assert drained(q) == ["a", "b"]


def test_bad_timeout_is_named():
    q = ConcurrentQueue()
    with pytest.raises(TypeError, match="timeout must be a number of seconds or None, not"):
        q.pop("x")
    with pytest.raises(ValueError, match="timeout must not be negative or NaN: -1"):
        q.pop(-1)


@pytest.mark.parametrize("timeout", [None, 0, 1.5, True, float("inf"), 1e300, 10**30])
def test_any_timeout_when_there_is_an_item(timeout):
    q = filled([1, 2], maxsize=3)
    assert q.pop(timeout) == 1
    assert q.pop_many(1, timeout) == [2]
    q.push(3, timeout)
    q.push_many([4], timeout)
    assert drained(q) == [3, 4]


@BOTH_WAYS
@pytest.mark.parametrize("timeout", [0.001, 0.05, 0.12])
def test_timeout_is_not_cut_short(lock_free, timeout):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=1)
    for call, error in [
        (lambda: q.pop(timeout), Empty),
        (lambda: q.pop_many(2, timeout), Empty),
        (lambda: q.push(2, timeout), Full),
        (lambda: q.push_many([2, 3], timeout), Full),
    ]:
        if error is Full and q.empty():
            q.push(1)
        start = time.monotonic()
        with pytest.raises(error):
            call()
        # The clocks may differ by a tick.
        assert time.monotonic() - start >= timeout - 0.0005
    assert drained(q) == [1]


@BOTH_WAYS
def test_failed_pops_leave_no_trace(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    for _ in range(2000):
        with pytest.raises(Empty):
            q.pop(0)
    for _ in range(20):
        with pytest.raises(Empty):
            q.pop(0.0005)
    assert q.size() == 0
    q.push("a")
    assert q.size() == 1
    assert q.pop(0) == "a"


def test_wrong_arguments():
    q = ConcurrentQueue()
    for call in (
        lambda: q.push(),
        lambda: q.push(1, 2, 3),
        lambda: q.pop(1, 2),
        lambda: q.pop(block=True),
        lambda: q.shutdown(1, 2),
        lambda: q.size(1),
        lambda: q.pop_many(),
        lambda: len(q),
        lambda: 1 in q if q.shutdown() else len(q),
    ):
        with pytest.raises(TypeError):
            call()


def test_always_true():
    assert ConcurrentQueue()


# Shutdown


@BOTH_WAYS
def test_shutdown_lets_drain(lock_free):
    q = filled("abc", lock_free=lock_free)
    assert not q.is_shutdown
    assert q.shutdown() is None
    q.shutdown(immediate=False)
    assert q.is_shutdown
    for call in (lambda: q.push(1), lambda: q.try_push(1), lambda: q.push(1, 0)):
        with pytest.raises(ShutDown) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 3
    assert q.peek() == "a"
    assert q.pop() == "a"
    assert q.pop_many(10) == ["b", "c"]
    for call in (lambda: q.pop(), lambda: q.pop(5), q.try_pop, lambda: q.pop_many(1)):
        with pytest.raises(ShutDown) as caught:
            call()
        assert caught.value.args == ()
    assert q.size() == 0


@BOTH_WAYS
def test_immediate_shutdown_drops(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    references = []
    for _ in range(100):
        thing = Thing()
        references.append(weakref.ref(thing))
        q.push(thing)
    del thing
    q.shutdown(True)
    assert [one() for one in references] == [None] * 100
    assert q.size() == 0
    with pytest.raises(ShutDown):
        q.pop()
    with pytest.raises(ShutDown):
        q.push(1)


@pytest.mark.parametrize("immediate", [0, 1, None, "", "yes", [], [0]])
def test_shutdown_takes_any_truth_value(immediate):
    q = ConcurrentQueue()
    q.push(1)
    q.shutdown(immediate)
    assert q.size() == (0 if immediate else 1)


def test_shutdown_passes_on_what_bool_raises():
    class Bad:
        def __bool__(self):
            raise ZeroDivisionError

    q = ConcurrentQueue()
    with pytest.raises(ZeroDivisionError):
        q.shutdown(immediate=Bad())
    assert not q.is_shutdown


def test_shutdown_can_be_raised():
    q = filled("abc")
    q.shutdown()
    q.shutdown(immediate=True)
    assert q.size() == 0
    with pytest.raises(ShutDown):
        q.pop()


def test_push_many_after_shutdown():
    q = ConcurrentQueue()
    q.shutdown()
    with pytest.raises(ShutDown) as caught:
        q.push_many("ab")
    assert caught.value.remaining == ["a", "b"]


@BOTH_WAYS
def test_iteration_ends_at_shutdown(lock_free):
    q = filled(range(100), lock_free=lock_free)
    q.shutdown()
    iterator = iter(q)
    assert iter(iterator) is iterator
    assert list(iterator) == list(range(100))
    assert list(iterator) == []
    assert list(q) == []


# Pop in a wrapper


def test_pop_local():
    pytest.importorskip("ft_utils.local")
    q = filled([[1], 5])
    assert q.pop_local().wrapped == [1]
    assert q.pop_local(timeout=1) + 1 == 6
    with pytest.raises(Empty):
        q.pop_local(0)


# As an object


def test_repr():
    q = filled("ab")
    assert repr(q) == "<ConcurrentQueue with 2 items>"
    assert repr(filled("a", maxsize=3)) == "<ConcurrentQueue with 1 of 3 items>"
    q.push(q)
    q.shutdown()
    assert repr(q) == str(q) == "<ConcurrentQueue with 3 items, shut down>"
    assert repr(Mine()) == "<Mine with 0 items>"
    q.shutdown(immediate=True)


def test_identity():
    q, other = ConcurrentQueue(), ConcurrentQueue()
    assert q == q
    assert q != other
    assert {q: 1}[q] == 1
    with pytest.raises(TypeError):
        q < other  # noqa: B015


def test_handle_shares_items():
    q = ConcurrentQueue(maxsize=2, lock_free=True)
    handle = q.handle()
    handle.push(1)
    q.push(2)
    assert handle.full()
    assert handle.maxsize == 2
    other = handle.handle()
    del q, handle
    gc.collect()
    assert other.pop_many(5) == [1, 2]
    other.shutdown()
    assert other.is_shutdown


def test_subclass_has_its_own_arguments():
    class Named(ConcurrentQueue):
        def __init__(self, name, *, start=()):
            super().__init__(maxsize=5)
            self.name = name
            self.push_many(start)

    q = Named("n", start="ab")
    assert q.name == "n"
    assert q.maxsize == 5
    assert q.pop() == "a"
    assert q.handle().pop() == "b"


def test_subclass_that_forgets():
    class Forgets(ConcurrentQueue):
        def __init__(self):
            pass

    q = Forgets()
    assert repr(q) == "<Forgets, not initialized>"
    for call in (
        lambda: q.push(1),
        q.pop,
        q.size,
        q.empty,
        q.peek,
        q.shutdown,
        q.handle,
        lambda: q.maxsize,
        lambda: next(iter(q)),
        lambda: q.push_many([1]),
        lambda: q.pop_many(1),
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    gc.collect()


def test_second_init_changes_nothing():
    q = filled("ab", maxsize=3)
    q.__init__()
    assert q.maxsize == 3
    assert drained(q) == ["a", "b"]


def test_open_for_attributes():
    class Alias(ConcurrentQueue):
        put = ConcurrentQueue.push
        get = ConcurrentQueue.pop

    q = Alias()
    q.put(1)
    assert q.get() == 1
    q.note = "mine"
    assert q.note == "mine"
    plain = ConcurrentQueue()
    plain.note = 3
    assert vars(plain) == {"note": 3}


@pytest.mark.thread_unsafe(reason="changes the class")
def test_aliases_on_the_class():
    ConcurrentQueue.put = ConcurrentQueue.push
    ConcurrentQueue.get = ConcurrentQueue.pop
    try:
        q = ConcurrentQueue()
        q.put(1)
        assert q.get(timeout=1) == 1
    finally:
        del ConcurrentQueue.put, ConcurrentQueue.get


def test_overridden_methods_are_not_called():
    class Odd(ConcurrentQueue):
        def push(self, value, timeout=None):
            super().push((value, "pushed"), timeout)

    q = Odd()
    q.push(1)
    q.push_many([2])
    assert drained(q) == [(1, "pushed"), 2]


def test_subscription():
    alias = ConcurrentQueue[int]
    assert alias.__origin__ is ConcurrentQueue
    assert alias.__args__ == (int,)
    q = alias(4, maxsize=1)
    assert type(q) is ConcurrentQueue
    assert q.maxsize == 1


def test_no_copies():
    for q in (ConcurrentQueue(), Mine()):
        with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle\(\)"):
            copy.copy(q)
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            copy.deepcopy(q)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                pickle.dumps(q, protocol)
        for call in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError):
                call(iter(q))


def test_weak_references():
    q = ConcurrentQueue()
    iterator = iter(q)
    references = weakref.ref(q), weakref.ref(iterator)
    del q
    assert references[0]() is not None
    del iterator
    assert [one() for one in references] == [None, None]


def test_items_die_promptly():
    thing = Thing()
    reference = weakref.ref(thing)
    q = filled([thing, thing], maxsize=2)
    with pytest.raises(Full):
        q.push(thing, 0)
    with pytest.raises(Full):
        q.push(Thing(), 0.001)
    del thing
    q.peek(), q.pop(), q.pop_many(1)
    assert reference() is None
    q.push(Thing())
    reference = weakref.ref(q.peek())
    assert reference() is not None
    del q
    assert reference() is None


def test_death_may_use_the_queue():
    q = ConcurrentQueue()
    heard = []

    def at_death():
        heard.append(q.size())
        try:
            q.push("from the dead")
        except ShutDown:
            heard.append("shut down")

    q.push(Thing(at_death))
    q.pop()
    assert heard == [0]
    assert q.pop() == "from the dead"
    q.push(Thing(at_death))
    q.shutdown(immediate=True)
    assert heard == [0, 0, "shut down"]


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    item = object()
    q = ConcurrentQueue(maxsize=100)

    def work():
        q.push(item), q.push_many([item] * 70), q.peek(), q.try_push(item)
        q.pop(), q.try_pop(), q.pop_many(5), q.pop_many(100)
        handle = q.handle()
        handle.push(item)
        next(iter(handle))
        q.push_many([item] * 100)
        for call in (lambda: q.push(item, 0), lambda: q.push_many([item], 0.0001)):
            with pytest.raises(Full):
                call()
        assert len(drained(q)) == 100
        closed = filled([item] * 70)
        closed.shutdown(True)
        dropped = filled([item] * 70)
        with pytest.raises(ShutDown):
            closed.push(item)
        with pytest.raises(ShutDown):
            closed.push_many([item])
        del dropped

    work()
    gc.collect()
    before = sys.getrefcount(item)
    for _ in range(50):
        work()
    gc.collect()
    assert sys.getrefcount(item) == before


TIES = {
    "item": lambda q: q.push(q),
    "list": lambda q: q.push_many([[q]] * 70),
    "handle": lambda q: q.push(q.handle()),
    "handle's handle": lambda q: q.handle().push(q.handle().handle()),
    "iterator": lambda q: q.push(iter(q)),
    "attribute": lambda q: setattr(q, "itself", q),
    "attribute of a handle": lambda q: (handle := q.handle()).push(handle),
}


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [ConcurrentQueue, Mine])
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    q = kind()
    q.push(Thing())
    reference = weakref.ref(q.peek())
    tie(q)
    del q
    assert reference() is not None
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handle_attributes_are_collected():
    q = ConcurrentQueue()
    handle = q.handle()
    handle.itself, handle.thing = handle, Thing()
    reference = weakref.ref(handle.thing)
    del handle
    assert collected(reference)
    q.push(1)
    assert q.pop() == 1


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_handles_survive_their_owner():
    q = filled([Thing()])
    q.push(q)
    reference = weakref.ref(q.peek())
    handle = q.handle()
    del q
    gc.collect()
    assert isinstance(handle.peek(), Thing)
    del handle
    assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    q = ConcurrentQueue()
    handles = [q.handle() for _ in range(5)]
    for n in range(300):
        q.push([Thing(), q, handles[n % 5]])
    for n in range(300):
        if n % 50 == 0:
            gc.collect()
        thing, queue, handle = q.pop()
        assert isinstance(thing, Thing)
        assert queue is q
        assert handle is handles[n % 5]
    assert gc.is_tracked(q)


# Against deque


class LikeDeque(RuleBasedStateMachine):
    """Whatever is done to both, they hold the same."""

    bound = 70

    def __init__(self):
        super().__init__()
        self.ours, self.plain = ConcurrentQueue(maxsize=self.bound), deque()
        self.closed = False
        self.next = 0

    def fresh(self, count):
        self.next += count
        return list(range(self.next - count, self.next))

    @rule(way=st.sampled_from(["push", "try_push", "handle"]))
    def push(self, way):
        (item,) = self.fresh(1)
        call = {
            "push": lambda: self.ours.push(item, 0),
            "try_push": lambda: self.ours.try_push(item),
            "handle": lambda: self.ours.handle().push(item, timeout=0),
        }[way]
        if self.closed:
            with pytest.raises(ShutDown):
                call()
        elif len(self.plain) == self.bound:
            with pytest.raises(Full):
                call()
        else:
            call()
            self.plain.append(item)

    @rule(count=st.integers(0, 100))
    def push_many(self, count):
        items = self.fresh(count)
        room = 0 if self.closed else self.bound - len(self.plain)
        self.plain.extend(items[:room])
        if count <= room:
            self.ours.push_many(items, 0)
            return
        with pytest.raises(ShutDown if self.closed else Full) as caught:
            self.ours.push_many(items, 0)
        assert caught.value.remaining == items[room:]

    @rule(way=st.sampled_from(["pop", "try_pop", "next", "pop_many"]))
    def pop(self, way):
        call = {
            "pop": lambda: self.ours.pop(0),
            "try_pop": self.ours.try_pop,
            "next": lambda: next(iter(self.ours)) if self.plain else self.ours.pop(0),
            "pop_many": lambda: self.ours.pop_many(1, 0)[0],
        }[way]
        if self.plain:
            assert call() == self.plain.popleft()
        else:
            with pytest.raises(ShutDown if self.closed else Empty):
                call()

    @rule(count=st.integers(1, 100))
    def pop_many(self, count):
        if self.plain:
            expected = [self.plain.popleft() for _ in range(min(count, len(self.plain)))]
            assert self.ours.pop_many(count) == expected

    @rule(how=st.sampled_from(["not", "not", "not", "softly", "immediately"]))
    def shutdown(self, how):
        if how == "not":
            return
        self.closed = True
        self.ours.shutdown(immediate=how == "immediately")
        if how == "immediately":
            self.plain.clear()

    @invariant()
    def same(self):
        assert self.ours.size() == len(self.plain)
        assert self.ours.empty() == (not self.plain)
        assert self.ours.full() == (len(self.plain) == self.bound)
        assert self.ours.is_shutdown == self.closed
        if self.plain:
            assert self.ours.peek() == self.plain[0]
        else:
            with pytest.raises(Empty):
                self.ours.peek()


TestLikeDeque = LikeDeque.TestCase


# Threads

ROUNDS = 1500


def produce(q, index, many):
    items = [(index, n) for n in range(ROUNDS)]
    if many:
        for n in range(0, ROUNDS, 100):
            q.push_many(items[n : n + 100])
    else:
        for item in items:
            q.push(item)


def consume(q, how):
    if how == "iteration":
        return list(q)
    items = []
    while True:
        try:
            if how == "pop_many":
                items += q.pop_many(7)
            elif how == "short timeouts":
                items.append(q.pop(0.0005))
            elif how == "try_pop":
                items.append(q.try_pop())
            else:
                items.append(q.pop())
        except Empty:
            assert how in ("short timeouts", "try_pop")
            time.sleep(0)
        except ShutDown:
            return items


@BOTH_WAYS
@pytest.mark.parametrize("maxsize", [0, 1, 10])
@pytest.mark.parametrize("how", ["pop", "iteration", "pop_many", "short timeouts", "try_pop"])
def test_everything_arrives_in_order(lock_free, maxsize, how):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=maxsize)
    running = AtomicInt64(2)

    def work(index):
        mine = q.handle() if index % 2 else q
        if index >= 2:
            return consume(mine, how)
        produce(mine, index, many=index == 1)
        if running.decr() == 0:
            q.shutdown()
        return []

    results = run_threads(4, work)
    for result in results:
        for producer in (0, 1):
            numbers = [n for index, n in result if index == producer]
            assert numbers == sorted(numbers)
    assert sorted(flat(results)) == [(index, n) for index in (0, 1) for n in range(ROUNDS)]


def test_single_consumer_sees_one_order():
    q = ConcurrentQueue()
    produced = AtomicInt64()

    def work(index):
        if index == 0:
            items = []
            while len(items) < 3 * ROUNDS:
                items += q.pop_many(50)
            return items
        for _ in range(ROUNDS):
            # Whatever is pushed after this number was drawn has a larger one, in this thread.
            q.push((index, produced.incr()))
        return []

    items = run_threads(4, work)[0]
    for producer in (1, 2, 3):
        numbers = [n for index, n in items if index == producer]
        assert len(numbers) == ROUNDS
        assert numbers == sorted(numbers)


@BOTH_WAYS
def test_bound_is_never_exceeded(lock_free):
    q = ConcurrentQueue(lock_free=lock_free, maxsize=3)
    # Counted after each push and before each pop: never more than there are.
    inside = AtomicInt64()
    running = AtomicInt64(3)

    def work(index):
        if index == 0:
            while True:
                inside.decr()
                try:
                    q.pop()
                except ShutDown:
                    return
        for n in range(ROUNDS // 3):
            pushed = 1
            if index == 1:
                q.push(n)
            elif index == 2:
                q.push_many([n] * 2)
                pushed = 2
            else:
                try:
                    q.push(n, 0.0001)
                except Full:
                    pushed = 0
            assert inside.fetch_add(pushed) + pushed <= 3
            assert 0 <= q.size() <= 3
        if running.decr() == 0:
            q.shutdown()

    run_threads(4, work)
    assert inside == -1
    assert q.empty()


@BOTH_WAYS
def test_push_wakes_a_pop(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    waiters = [Task(q.pop) for _ in range(3)]
    if not lock_free:
        for waiter in waiters:
            waiter.until_asleep()
    assert q.size() == 0
    q.push_many("abc")
    assert sorted(waiter.result() for waiter in waiters) == ["a", "b", "c"]
    assert q.empty()


@BOTH_WAYS
def test_pop_wakes_a_push(lock_free):
    q = filled("ab", maxsize=2, lock_free=lock_free)
    waiters = [Task(q.push, item).until_asleep() for item in "cd"]
    waiters.append(Task(q.push_many, "ef").until_asleep())
    assert q.size() == 2
    popped = [q.pop(30) for _ in range(6)]
    for waiter in waiters:
        waiter.result()
    assert popped[:2] == ["a", "b"]
    assert sorted(popped) == list("abcdef")
    assert popped.index("e") < popped.index("f")


@BOTH_WAYS
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_wakes_everyone(lock_free, immediate):
    empty = ConcurrentQueue(lock_free=lock_free)
    full = filled("a", lock_free=lock_free, maxsize=1)
    pops = [
        Task(empty.pop),
        Task(empty.pop, 1000),
        Task(empty.pop_many, 5),
        Task(empty.handle().pop),
    ]
    iteration = Task(list, empty)
    pushes = [Task(full.push, 1), Task(full.push_many, [1, 2], 1000)]
    for task in [*pops, iteration, *pushes]:
        task.until_asleep()
    empty.shutdown(immediate)
    full.shutdown(immediate)
    for task in pops + pushes:
        with pytest.raises(ShutDown):
            task.result()
    assert iteration.result() == []
    assert drained(full) == ([] if immediate else ["a"])


@BOTH_WAYS
def test_push_then_shutdown_loses_nothing(lock_free):
    for _ in range(40):
        q = ConcurrentQueue(lock_free=lock_free)
        waiter = Task(q.pop).until_asleep()
        q.push("item")
        q.shutdown()
        assert waiter.result() == "item"


@BOTH_WAYS
def test_order_survives_timeouts(lock_free):
    q = ConcurrentQueue(lock_free=lock_free)
    for _ in range(30):
        with pytest.raises(Empty):
            q.pop(0.0005)
        waiter = Task(q.pop).until_asleep()
        q.push("first")
        assert waiter.result() == "first"
        q.push_many(["second", "third"])
        assert [q.pop(), q.pop()] == ["second", "third"]


def test_shutdown_among_pushes():
    # Few things: CPython lets those that another thread drops die in the thread that made them, one
    # inside the other, and soon comes to the limit of recursion.
    things = 50
    for immediate in (False, True) * 20:
        q, made, dropped = ConcurrentQueue(), AtomicInt64(), AtomicInt64()

        def work(index, q=q, made=made, dropped=dropped, immediate=immediate):
            if index == 0:
                while made < things:
                    pass
                q.shutdown(immediate)
                return
            try:
                for _ in range(things):
                    made.incr()
                    q.push(Thing(dropped.incr))
                while True:
                    q.push(None)
            except ShutDown:
                pass

        run_threads(3, work)
        left = [thing for thing in drained(q) if thing]
        assert made - dropped == len(left)
        if immediate:
            assert left == []


def test_short_timeouts_among_threads():
    q = ConcurrentQueue(maxsize=4)

    def work(index):
        done = []
        for n in range(ROUNDS // 3):
            try:
                if index % 2:
                    q.push((index, n), 0.0002)
                    done.append((index, n))
                else:
                    done.append(q.pop(0.0002))
            except (Empty, Full):
                pass
        return done

    results = run_threads(4, work)
    assert sorted(results[0] + results[2] + drained(q)) == sorted(results[1] + results[3])


def test_peek_among_threads():
    q = filled(range(ROUNDS))

    def work(index):
        seen = []
        while True:
            try:
                if index < 2:
                    seen.append(q.peek())
                else:
                    q.try_pop()
            except Empty:
                return seen

    for seen in run_threads(4, work)[:2]:
        assert seen == sorted(seen)


def test_one_iterator_in_many_threads():
    q = filled(range(ROUNDS))
    q.shutdown()
    iterator = iter(q)
    results = run_threads(4, lambda _: list(iterator))
    assert all(result == sorted(result) for result in results)
    assert sorted(flat(results)) == list(range(ROUNDS))


def test_ping_pong():
    there, back = ConcurrentQueue(), ConcurrentQueue()

    def echo():
        for item in there:
            back.push(item)

    task = Task(echo)
    for n in range(1000):
        there.push(n)
        assert back.pop() == n
    there.shutdown()
    task.result()


@pytest.mark.thread_unsafe(reason="runs the collector")
@BOTH_WAYS
def test_collector_while_threads_work(lock_free):
    q, stop = ConcurrentQueue(lock_free=lock_free, maxsize=100), threading.Event()

    def work(mine):
        while not stop.is_set():
            mine.push_many([[Thing(), mine] for _ in range(10)])
            mine.push([iter(mine)])
            mine.peek()
            for item in mine.pop_many(10):
                assert len(item) in (1, 2)
            mine.pop()

    tasks = [Task(work, q.handle()) for _ in range(2)]
    waiter = Task(ConcurrentQueue().pop, 0.5)
    try:
        for _ in range(40):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    with pytest.raises(Empty):
        waiter.result()
    assert all(sys.getrefcount(item) < 20 for item in drained(q))
    thing = Thing()
    reference = weakref.ref(thing)
    q.push_many([thing, q])
    del thing, tasks, task, q
    assert collected(reference)


def test_many_short_lives():
    def work(_):
        for n in range(200):
            q = filled([[n]] * (n % 130))
            handle = q.handle()
            del q
            handle.push(handle)
            assert len(drained(handle)) == n % 130 + 1
        return True

    assert all(run_threads(4, work))
