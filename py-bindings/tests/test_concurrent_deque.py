"""ConcurrentDeque: what it has of collections.deque, what it adds, and what threads make of it.

CPython's own tests of collections.deque are in test_cpython_deque.py.
"""

import copy
import gc
import inspect
import itertools
import operator
import os
import pickle
import sys
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import MutableSequence, Reversible, Sequence
from types import GenericAlias

import ft_utils
import pytest
from ft_utils import _native
from ft_utils.concurrency import AtomicInt64, ConcurrentDeque, EmptyDequeError
from ft_utils.local import LocalWrapper
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support import LONG, Task, Thing, collected, flat, run_python, run_threads, wait_until

DEEP = 200_000


class Sub(ConcurrentDeque):
    """A subclass with nothing of its own, but attributes."""


class Is:
    """Equal to what it holds, and calls a function whenever it is asked."""

    def __init__(self, value, when_asked=lambda: None):
        self.value, self.when_asked = value, when_asked

    def __eq__(self, other):
        self.when_asked()
        return self.value == other

    __hash__ = None


class Bad:
    def __eq__(self, _other):
        raise LookupError

    __hash__ = None


# Construction


def test_constructor_forms():
    for made in (
        ConcurrentDeque([1, 2, 3]),
        ConcurrentDeque(iterable=[1, 2, 3]),
        ConcurrentDeque((1, 2, 3), None),
        ConcurrentDeque(range(1, 4), 3),
        ConcurrentDeque(iter([0, 1, 2, 3]), maxlen=3),
        ConcurrentDeque[int]([1, 2, 3]),
        ConcurrentDeque(ConcurrentDeque([1, 2, 3])),
        ConcurrentDeque({1: 0, 2: 0, 3: 0}),
    ):
        assert type(made) is ConcurrentDeque
        assert list(made) == [1, 2, 3]
    assert list(ConcurrentDeque()) == list(ConcurrentDeque(maxlen=5)) == []
    assert str(inspect.signature(ConcurrentDeque)) == "(iterable=(), maxlen=None)"


def test_bad_constructor_arguments():
    for bad in (None, 5, object()):
        with pytest.raises(TypeError):
            ConcurrentDeque(bad)
    for call in (
        lambda: ConcurrentDeque([], 1, 2),
        lambda: ConcurrentDeque(foo=1),
        lambda: ConcurrentDeque([], "3"),
        lambda: ConcurrentDeque([], 2.0),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="maxlen must be non-negative"):
        ConcurrentDeque(maxlen=-1)
    with pytest.raises(OverflowError):
        ConcurrentDeque(maxlen=2**64)
    assert ConcurrentDeque(maxlen=sys.maxsize).maxlen == sys.maxsize


def test_error_of_the_iterable_comes_through():
    def fails():
        yield 1
        raise LookupError

    with pytest.raises(LookupError):
        ConcurrentDeque(fails())


def test_second_init_appends():
    d = ConcurrentDeque([1, 2], 3)
    d.__init__([3, 4], maxlen=100)
    assert list(d) == [2, 3, 4]
    assert d.maxlen == 3
    d.__init__()
    assert list(d) == [2, 3, 4]


def test_subclass_has_its_own_arguments():
    class Named(ConcurrentDeque):
        def __init__(self, name, *items, size=None):
            super().__init__(items, size)
            self.name = name

    named = Named("x", 1, 2, 3, size=2)
    assert (named.name, list(named), named.maxlen) == ("x", [2, 3], 2)


def test_subclass_that_forgets():
    class Forgets(ConcurrentDeque):
        def __init__(self, _anything):
            pass

    d = Forgets(5)
    d.append(1)
    assert (d.pop(), len(d), d.maxlen, repr(d)) == (1, 0, None, "Forgets([])")
    assert not list(Forgets(0))
    Forgets(0).__init__(1)


# The interface of collections.deque


def test_has_all_of_deque():
    for name in dir(deque):
        assert hasattr(ConcurrentDeque, name), name
        ours, theirs = getattr(ConcurrentDeque, name), getattr(deque, name)
        if callable(theirs) and not name.startswith("_"):
            assert ours.__doc__


@pytest.mark.parametrize("pop", ["pop", "popleft"])
def test_empty_pop(pop):
    d = ConcurrentDeque()
    for error in (IndexError, RuntimeError, LookupError, EmptyDequeError):
        with pytest.raises(error, match="pop from an empty deque"):
            getattr(d, pop)()
    assert EmptyDequeError.__bases__ == (IndexError, RuntimeError)
    assert EmptyDequeError.__doc__
    error = pickle.loads(pickle.dumps(EmptyDequeError("x")))
    assert type(error) is EmptyDequeError
    assert ft_utils.EmptyDequeError is EmptyDequeError


def test_results_are_none():
    d = ConcurrentDeque()
    assert d.append(1) is d.appendleft(0) is d.extend([2]) is d.extendleft([-1]) is None
    assert d.insert(0, 5) is d.remove(5) is d.rotate(1) is d.reverse() is d.clear() is None


def test_wrong_arguments():
    d = ConcurrentDeque([1])
    for call in (
        lambda: d.append(),
        lambda: d.append(1, 2),
        lambda: d.append(item=1),
        # A list would take this for an index.
        lambda: d.pop(0),
        lambda: d.popleft(0),
        lambda: d.pop(wait=1),
        lambda: d.extend(5),
        lambda: d.extendleft(None),
        lambda: d.rotate(1.0),
        lambda: d.rotate("1"),
        lambda: d.rotate(None),
        lambda: d.insert(0),
        lambda: d.insert("0", 1),
        lambda: d.index(),
        lambda: d.index(1, None),
        lambda: d.index(1, 0, "x"),
        lambda: d.clear(1),
        lambda: d.copy(1),
        lambda: d[0:1],
        lambda: d["0"],
        lambda: d[1.0],
        lambda: operator.setitem(d, slice(0, 1), [1]),
        lambda: operator.delitem(d, slice(0, 1)),
        lambda: d + [1],
        lambda: [1] + d,
        lambda: d * 1.5,
        lambda: d * d,
        lambda: d < [1],
        lambda: d < deque([1]),
        lambda: hash(d),
        lambda: f"{d:5}",
        lambda: operator.iadd(d, 5),
    ):
        with pytest.raises(TypeError):
            call()
    assert list(d) == [1]
    with pytest.raises(OverflowError):
        d.rotate(2**64)
    with pytest.raises(OverflowError):
        d.insert(2**64, 1)
    with pytest.raises(AttributeError):
        d.maxlen = 3
    with pytest.raises(AttributeError):
        d.anything = 3


def test_index_objects():
    d = ConcurrentDeque("abc")
    one = AtomicInt64(1)
    assert d[one] == d[True] == "b"
    d.rotate(one)
    d.rotate(True)
    assert list(d) == ["b", "c", "a"]
    assert d.index("a", one) == 2
    d.insert(one, "x")
    assert d[1] == "x"
    assert list(d * one) == list(d)


@pytest.mark.parametrize("index", [3, -4, 10**6, 2**63, -(2**63) - 1, 2**200, sys.maxsize])
def test_out_of_range(index):
    d = ConcurrentDeque("abc")
    with pytest.raises(IndexError):
        d[index]
    with pytest.raises(IndexError):
        d[index] = "x"
    with pytest.raises(IndexError):
        del d[index]
    assert list(d) == ["a", "b", "c"]
    # As for a list, a bound of a search may be anywhere.
    with pytest.raises(ValueError, match="'x' is not in deque"):
        d.index("x", -index, index)


def test_rotation_is_reduced():
    d = ConcurrentDeque(range(3))
    for n in (3 * 10**15 + 1, -(3 * 10**15) - 1, sys.maxsize, -sys.maxsize - 1):
        model = deque(d)
        model.rotate(n % 3)
        d.rotate(n)
        assert list(d) == list(model)
    empty = ConcurrentDeque()
    empty.rotate()
    empty.rotate(-7)
    assert len(empty) == 0


def test_repetition_that_no_memory_holds():
    d = ConcurrentDeque("ab")
    with pytest.raises(MemoryError):
        d *= sys.maxsize
    with pytest.raises(MemoryError):
        d * (sys.maxsize // 8)
    assert list(d) == ["a", "b"]
    bounded = ConcurrentDeque("ab", 3)
    bounded *= sys.maxsize
    assert list(bounded) == ["b", "a", "b"]


@pytest.mark.parametrize("times", [operator.mul, operator.imul, lambda d, n: n * d])
def test_number_of_repetitions_that_fails(times):
    class Bad:
        def __index__(self):
            raise LookupError("from __index__")

    d = ConcurrentDeque([1])
    with pytest.raises(LookupError, match="from __index__"):
        times(d, Bad())
    with pytest.raises(OverflowError):
        times(d, 10**100)
    with pytest.raises(TypeError):
        times(d, 1.5)
    assert list(d) == [1]


def test_extend_reads_first():
    def items():
        yield "first"
        d.append("during")
        yield d.popleft()

    d = ConcurrentDeque("ab")
    d.extend(items())
    assert list(d) == ["b", "during", "first", "a"]
    d = ConcurrentDeque([1, 2])
    d.extend(d)
    assert list(d) == [1, 2, 1, 2]
    d = ConcurrentDeque([1, 2])
    d.extendleft(d)
    assert list(d) == [2, 1, 1, 2]
    d += d.handle()
    assert list(d) == [2, 1, 1, 2, 2, 1, 1, 2]


@pytest.mark.parametrize("method", ["extend", "extendleft", "__iadd__", "__init__"])
def test_failing_iterable_adds_nothing_and_leaks_nothing(method):
    seen = []

    def fails():
        for _ in range(3):
            thing = Thing()
            seen.append(weakref.ref(thing))
            yield thing
            del thing
        raise LookupError

    d = ConcurrentDeque([1])
    with pytest.raises(LookupError):
        getattr(d, method)(fails())
    assert list(d) == [1]
    assert [each() for each in seen] == [None] * 3


def test_maxlen_drops_at_the_other_end():
    d = ConcurrentDeque(range(10), 3)
    assert list(d) == [7, 8, 9]
    d.appendleft(6)
    assert list(d) == [6, 7, 8]
    d.append(9)
    assert list(d) == [7, 8, 9]
    d.extendleft("abcd")
    assert list(d) == ["d", "c", "b"]
    with pytest.raises(IndexError, match="deque already at its maximum size"):
        d.insert(1, "x")
    del d[0]
    d.insert(1, "x")
    assert repr(d) == "ConcurrentDeque(['c', 'x', 'b'], maxlen=3)"


def test_copies():
    d = ConcurrentDeque([[1], 2], 5)
    twin = d.copy()
    assert type(twin) is ConcurrentDeque
    assert twin == d
    assert twin is not d
    assert twin.maxlen == 5
    assert twin[0] is d[0]
    twin.append(3)
    assert len(d) == 2
    sub = Sub(d, 2)
    for other in (sub.copy(), sub + d, sub * 3, 3 * sub):
        assert type(other) is Sub
        assert other.maxlen == 2
    # That of a handle is a deque of its own.
    twin = d.handle().copy()
    d.append(4)
    assert len(twin) == 2


def test_subclass_that_makes_something_else():
    class Odd(ConcurrentDeque):
        def __new__(cls, *args):
            return super().__new__(cls) if not args else [42]

    for call in (lambda d: d * 2, lambda d: d + d, Odd.copy):
        with pytest.raises(TypeError):
            call(Odd())


def test_reads():
    d = ConcurrentDeque("abca")
    assert d.count("a") == 2
    assert d.index("a", 1) == 3
    assert ("b" in d, "x" in d) == (True, False)
    assert list(reversed(d)) == ["a", "c", "b", "a"]
    assert operator.indexOf(d, "c") == 2
    assert operator.countOf(d, "a") == 2
    assert sorted(d) == ["a", "a", "b", "c"]
    first, *rest = d
    assert (first, rest) == ("a", ["b", "c", "a"])
    assert bool(d)
    assert not ConcurrentDeque()
    match d:
        case [first, *_, last]:
            assert (first, last) == ("a", "a")
        case _:
            pytest.fail("is no sequence to match")


def test_abstract_base_classes():
    for base in (MutableSequence, Sequence, Reversible):
        assert isinstance(ConcurrentDeque(), base)
        assert issubclass(Sub, base)


# Comparison


def test_comparisons():
    d = ConcurrentDeque([1, 2])
    assert d == ConcurrentDeque([1, 2], 7) == Sub([1, 2]) == d.handle()
    assert d != ConcurrentDeque([1])
    assert d < ConcurrentDeque([1, 3])
    assert d <= d
    assert d > ConcurrentDeque([1])
    assert ConcurrentDeque([2]) >= d
    for other in ([1, 2], (1, 2), deque([1, 2]), None, 3):
        assert not d == other  # noqa: SIM201
        assert d != other
        assert other != d
    nan = float("nan")
    assert ConcurrentDeque([nan]) == ConcurrentDeque([nan])
    with pytest.raises(LookupError):
        assert ConcurrentDeque([Bad()]) == ConcurrentDeque([1])


def test_deques_that_hold_themselves():
    one, two = ConcurrentDeque([0]), ConcurrentDeque([0])
    one.append(one)
    two.append(two)
    assert one == one
    with pytest.raises(RecursionError):
        assert one == two
    assert repr(one) == "ConcurrentDeque([0, [...]])"
    one.append(two)
    two.append(one)
    assert repr(Sub([one])).startswith("Sub([ConcurrentDeque([0, [...], ConcurrentDeque([0, [")
    assert one in one
    one.clear()
    two.clear()


def test_deep_comparisons_and_texts():
    one, two = ConcurrentDeque(), ConcurrentDeque()
    for _ in range(100):
        one, two = ConcurrentDeque([one]), ConcurrentDeque([[two]][0])
    assert one == two
    assert repr(one) == 101 * "ConcurrentDeque([" + 101 * "])"
    for _ in range(DEEP):
        one, two = ConcurrentDeque([one]), ConcurrentDeque([two])
    for call in (lambda: one == two, lambda: one < two, lambda: repr(one), lambda: two in one):
        for _ in range(2):
            with pytest.raises(RecursionError):
                call()
    assert ConcurrentDeque([1]) == ConcurrentDeque([1])


def test_failing_repr():
    class Shy:
        def __repr__(self):
            raise LookupError

    d = ConcurrentDeque([Shy()])
    for _ in range(2):
        with pytest.raises(LookupError):
            repr(d)
    d[0] = d
    assert repr(d) == "ConcurrentDeque([[...]])"


# Searches run code of the items


SEARCHES = {
    "in": lambda d, x: x in d,
    "index": lambda d, x: d.index(x),
    "count": lambda d, x: d.count(x),
    "remove": lambda d, x: d.remove(x),
}
ALL_SEARCHES = pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES.keys())


@ALL_SEARCHES
def test_failing_comparison_changes_nothing(search):
    bad = Bad()
    d = ConcurrentDeque([1, bad, 2])
    with pytest.raises(LookupError):
        search(d, 2)
    assert len(d) == 3
    # It is itself, so nobody asks it.
    search(ConcurrentDeque([bad]), bad)


@ALL_SEARCHES
def test_search_asks_the_item(search):
    asked = []
    item = Is("x", lambda: asked.append("item"))
    search(ConcurrentDeque([item]), "x")
    assert asked == ["item"]


@ALL_SEARCHES
@pytest.mark.parametrize("change", ["clear", "pop", "popleft", "reverse", "rotate"])
def test_comparison_may_change_the_deque(search, change):
    for at in (0, 1, 40, 99):
        d = ConcurrentDeque(range(100))
        d[at] = Is("no", lambda d=d: d and getattr(d, change)())
        try:
            search(d, 77)
        except ValueError:
            assert 77 not in list(d) or search is SEARCHES["remove"]
        assert len(d) in (0, 98, 99, 100)


def test_remove_whose_item_goes():
    d = ConcurrentDeque([1])
    d.append(Is("x", d.clear))
    with pytest.raises(ValueError, match="x not in deque"):
        d.remove("x")
    assert len(d) == 0
    # A match that comes in front while another is compared is the one that goes.
    early, late = Is("x", lambda: early in list(d)[:1] or d.appendleft(early)), Is("x")
    d = ConcurrentDeque([1, late])
    late.when_asked, early.when_asked = early.when_asked, late.when_asked
    d.remove("x")
    assert [type(item) for item in d] == [int, Is]
    assert d[1] is late


def test_search_compares_each_item_once():
    asked = []
    d = ConcurrentDeque(Is(n, lambda n=n: asked.append(n)) for n in range(1000))
    assert d.index(700) == 700
    assert asked == list(range(701))
    asked.clear()
    d.remove(999)
    assert asked == list(range(1000))


# Iteration


def test_iteration_sees_one_moment():
    d = ConcurrentDeque(range(5))
    it, back = iter(d), reversed(d)
    assert (operator.length_hint(it), operator.length_hint(back)) == (5, 5)
    assert (next(it), next(back)) == (0, 4)
    d.clear()
    d.append("new")
    assert operator.length_hint(it) == 4
    assert list(it) == [1, 2, 3, 4]
    assert list(back) == [3, 2, 1, 0]
    assert (list(it), next(it, "end"), iter(it) is it) == ([], "end", True)
    for item in d:
        if len(d) < 50:
            d.append(item)
    assert len(d) == 2


def test_iterator_is_an_object_like_its_deque():
    it = iter(ConcurrentDeque([1]))
    kind = type(it)
    assert kind is type(reversed(ConcurrentDeque())) is _native.ConcurrentDequeIterator
    assert weakref.ref(it)() is it
    with pytest.raises(TypeError):
        kind()
    with pytest.raises(AttributeError):
        it.anything = 1
    for refused in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            refused(it)


# The object


@pytest.mark.parametrize("make", [ConcurrentDeque, Sub, lambda: ConcurrentDeque().handle()])
def test_no_copies(make):
    d = make()
    refusals = [copy.copy, copy.deepcopy]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusals.append(lambda d, protocol=protocol: pickle.dumps(d, protocol))
    for refused in refusals:
        with pytest.raises(TypeError, match=r"cannot copy or pickle .* use copy\(\) for a copy"):
            refused(d)


def test_class():
    assert ConcurrentDeque is ft_utils.ConcurrentDeque
    assert ConcurrentDeque.__module__ == "ft_utils.concurrency"
    assert pickle.loads(pickle.dumps(ConcurrentDeque)) is ConcurrentDeque
    assert isinstance(ConcurrentDeque[int], GenericAlias)
    assert gc.is_tracked(ConcurrentDeque())
    sub = Sub()
    sub.attribute = 1
    assert sub.attribute == 1
    assert repr(Sub([1])) == str(Sub([1])) == "Sub([1])"
    for name in dir(ConcurrentDeque):
        member = getattr(ConcurrentDeque, name)
        if not name.startswith("_"):
            assert inspect.getdoc(member), name
            assert not callable(member) or inspect.signature(member) is not None
    assert str(inspect.signature(ConcurrentDeque.pop)) == "(self, /, *, timeout=0)"


def test_weak_references():
    d = ConcurrentDeque()
    died = weakref.ref(d)
    assert died() is d
    del d
    assert died() is None


def test_through_a_local_wrapper():
    d = ConcurrentDeque("abc")
    local = LocalWrapper(d)
    local.append("d")
    local[0] = "x"
    assert (local[0], len(local), "b" in local, list(local)) == ("x", 4, True, list("xbcd"))
    assert local.popleft(timeout=1) == "x"
    assert local == d


def test_handles():
    d = Sub("ab", 3)
    d.attribute = 1
    handle = d.handle()
    assert type(handle) is ConcurrentDeque
    handle.append("c")
    handle.handle().appendleft("x")
    assert list(d) == list(handle) == ["x", "a", "b"]
    assert handle.maxlen == 3
    died = weakref.ref(d)
    del d
    gc.collect()
    assert died() is not None, "a handle keeps its owner, which shows the items to the collector"
    assert handle.pop() == "b"
    del handle
    assert died() is None


# Life and death of items


def test_items_die_promptly():
    dead = []
    thing = itertools.count()

    def new():
        n = next(thing)
        return Thing(lambda: dead.append(n))

    d = ConcurrentDeque(maxlen=2)
    d.append(new())
    d.append(new())
    d.append(new())
    assert dead == [0]
    d.appendleft(new())
    assert dead == [0, 2]
    d[0] = new()
    assert dead == [0, 2, 3]
    del d[0]
    assert dead == [0, 2, 3, 4]
    d.pop()
    assert dead == [0, 2, 3, 4, 1]
    d.extend(new() for _ in range(5))
    assert sorted(dead) == [0, 1, 2, 3, 4, 5, 6, 7]
    d.extendleft([new()])
    assert sorted(dead) == [*range(8), 9]
    d.remove(d[0])
    d.clear()
    assert sorted(dead) == list(range(11))
    with pytest.raises(IndexError):
        d[0] = new()
    none = ConcurrentDeque(maxlen=0)
    none.append(new())
    none.extend([new()])
    d = ConcurrentDeque([new()])
    d *= 0
    it = iter(ConcurrentDeque([new()]))
    del it
    d = ConcurrentDeque([new()])
    del d
    assert sorted(dead) == list(range(17))


def test_death_may_use_the_deque():
    d = ConcurrentDeque(maxlen=3)

    def use():
        d.rotate(1)
        assert len(d) <= 3
        assert len(d.copy()) <= 3

    def new():
        return Thing(use)

    uses = [
        lambda: d.append(new()),
        lambda: d.appendleft(new()),
        lambda: d.extend([new(), new()]),
        lambda: d.extendleft([new(), new(), new(), new()]),
        lambda: operator.setitem(d, 0, new()),
        lambda: operator.delitem(d, 0),
        lambda: d.remove(d[0]),
        lambda: d.__imul__(3),
        lambda: d.pop() and None,
        lambda: d.clear(),
        lambda: d.__init__([new(), new()]),
    ]
    for use_twice in itertools.product(uses, repeat=2):
        d.extend([new(), new(), new()])
        for call in use_twice:
            if d or call not in uses[4:7] + uses[8:9]:
                call()
    d.clear()
    # What finalizers put in while clear() runs stays.
    d = ConcurrentDeque()
    d.append(Thing(lambda: d.append("last will")))
    d.clear()
    assert list(d) == ["last will"]


def test_reference_counts_stay():
    item = object()
    before = sys.getrefcount(item)
    d = ConcurrentDeque([item], 3)
    for _ in range(50):
        d.append(item)
        d.extendleft([item, item])
        d[0] = item
        d.insert(0, d.pop())
        del d[-1]
        d.rotate(1)
        d.reverse()
        d *= 3
        assert item in d
        assert d.index(item) == 0
        assert d.count(item) == len(d)
        d.remove(item)
        assert d == d.copy()
        assert list(d + d) == list(d * 2)
        assert list(reversed(d))
        next(iter(d))
        repr(d)
    d.clear()
    gc.collect()
    assert sys.getrefcount(item) == before


@pytest.mark.parametrize("kind", [ConcurrentDeque, Sub])
@pytest.mark.parametrize(
    "tie",
    [
        lambda d: d,
        lambda d: d.handle(),
        lambda d: [d],
        lambda d: ConcurrentDeque([d.handle()]),
        lambda d: iter(ConcurrentDeque([d])),
    ],
)
def test_cycles_are_collected(kind, tie):
    d = kind()
    thing = Thing()
    d.append(thing)
    d.append(tie(d))
    died = weakref.ref(d), weakref.ref(thing)
    del d, thing
    assert collected(died[0])
    assert collected(died[1])


def test_attribute_cycles_are_collected():
    d = Sub()
    d.own = d
    d.own_handle = d.handle()
    d.own_iterator = iter(d)
    d.append(iter(ConcurrentDeque([d.own_handle])))
    died = weakref.ref(d)
    del d
    assert collected(died)


def test_collector_spares_what_is_used():
    thing = Thing()
    d = ConcurrentDeque([thing])
    handles = [d.handle() for _ in range(5)]
    it = iter(d)
    d.append(d)
    died = weakref.ref(thing)
    del thing, d
    for _ in range(3):
        gc.collect()
    assert died() is not None
    assert all(handle[0] is died() for handle in handles)
    assert next(it) is died()
    handles[0].clear()


def test_objects_in_the_making_meet_the_collector():
    run_python(
        "import gc\n"
        "from ft_utils import ConcurrentDeque\n"
        "class D(ConcurrentDeque): pass\n"
        "gc.set_threshold(1)\n"
        "for make in ConcurrentDeque, D, ConcurrentDeque().handle, D().handle, D().copy:\n"
        "    made = [make() for _ in range(500)]\n"
        "    again = [iter(each) for each in made]\n"
    )


NESTS = [
    "y = ConcurrentDeque([x])",
    "y = ConcurrentDeque([x]).handle()",
    "y = Sub([x])",
    "y = ConcurrentDeque([[x]])",
    "y = ConcurrentDeque([iter(ConcurrentDeque([x]))])",
    "y = ConcurrentDeque([x, x])",
]


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("end", ["del x, y", "y = ConcurrentDeque([x]); del x; y.clear()"])
def test_deep_nesting(nest, end):
    # The reference survives 100,000 levels on a stack of 8 MB; this has less for each.
    run_python(
        f"""
import threading
from ft_utils import ConcurrentDeque
class Sub(ConcurrentDeque): pass
def work(deep):
    x = None
    for _ in range(deep):
        {nest}
        x = y
    {end}
if {nest == NESTS[0]}:
    work({DEEP})
threading.stack_size(512 * 1024)
thread = threading.Thread(target=work, args=(10_000,))
thread.start()
thread.join()
"""
    )


def test_deep_nesting_ends_in_time():
    # What is dropped late, because it is deep, is dropped before the deque is gone.
    dead = []
    d = ConcurrentDeque([Thing(lambda: dead.append(1))])
    for _ in range(1000):
        d = ConcurrentDeque([d, Thing(lambda: dead.append(1))])
    del d
    assert len(dead) == 1001


# Waiting


BOTH_ENDS = pytest.mark.parametrize("end", ["pop", "popleft"])


@BOTH_ENDS
@pytest.mark.parametrize("timeout", [None, 0, 1.5, True, float("inf"), 1e300, 10**30])
def test_any_timeout_when_there_is_an_item(end, timeout):
    d = ConcurrentDeque([1])
    assert getattr(d, end)(timeout=timeout) == 1


@BOTH_ENDS
@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        ("x", TypeError),
        ([], TypeError),
        (-1, ValueError),
        (float("nan"), ValueError),
        (float("-inf"), ValueError),
        (10**400, OverflowError),
    ],
)
def test_bad_timeout_leaves_no_trace(end, timeout, error):
    for items in ([], [1]):
        d = ConcurrentDeque(items)
        with pytest.raises(error):
            getattr(d, end)(timeout=timeout)
        assert list(d) == items


@BOTH_ENDS
@pytest.mark.parametrize("timeout", [0, 0.001, 0.12])
def test_timeout_is_not_cut_short(end, timeout):
    d = ConcurrentDeque()
    start = time.monotonic()
    with pytest.raises(EmptyDequeError):
        getattr(d, end)(timeout=timeout)
    # The clocks may differ by a tick.
    assert time.monotonic() - start >= timeout - 0.0005


@BOTH_ENDS
@pytest.mark.parametrize(
    "put",
    [
        lambda d: d.append("x"),
        lambda d: d.appendleft("x"),
        lambda d: d.extend(["x"]),
        lambda d: d.extendleft(["x"]),
        lambda d: d.insert(0, "x"),
        lambda d: d.__iadd__(["x"]),
        lambda d: d.__init__(["x"]),
    ],
)
def test_everything_that_puts_in_wakes(end, put):
    d = ConcurrentDeque(maxlen=1)
    for timeout in (None, LONG):
        task = Task(getattr(d.handle(), end), timeout=timeout).until_asleep()
        put(d)
        assert task.result() == "x"


def test_block_wakes_as_many():
    d = ConcurrentDeque()
    tasks = [Task(d.handle().pop, timeout=None).until_asleep() for _ in range(5)]
    d.extend(range(5))
    assert sorted(task.result() for task in tasks) == list(range(5))
    tasks = [Task(d.handle().popleft, timeout=None).until_asleep() for _ in range(4)]
    d.append("a")
    wait_until(lambda: sum(task.is_done() for task in tasks) == 1)
    d += "bcd"
    assert sorted(task.result() for task in tasks) == ["a", "b", "c", "d"]


def test_waiters_give_up_without_a_trace():
    d = ConcurrentDeque()

    def work(index):
        got = 0
        for _ in range(300):
            try:
                d.popleft(timeout=0.0002 * (index % 3))
                got += 1
            except EmptyDequeError:
                d.append(index)
        return got

    # Each attempt takes an item, or puts one in.
    got = sum(run_threads(6, work))
    assert len(d) == 6 * 300 - 2 * got
    task = Task(d.pop, timeout=None)
    d.append("end")
    assert task.result() is not None


# Threads


N = 4
ROUNDS = 1500


def test_nothing_is_lost_at_either_end():
    d = ConcurrentDeque()

    def work(index):
        mine = d.handle()
        if index < N:
            for n in range(ROUNDS):
                (mine.append if n % 2 else mine.appendleft)((index, n))
            return []
        pop = mine.pop if index % 2 else mine.popleft
        return [pop(timeout=LONG) for _ in range(ROUNDS)]

    taken = flat(run_threads(2 * N, work))
    assert Counter(taken) == Counter((index, n) for index in range(N) for n in range(ROUNDS))
    assert len(d) == 0


def test_order_of_each_thread():
    d = ConcurrentDeque()

    def work(index):
        for n in range(ROUNDS):
            d.append((index, n))

    run_threads(N, work)
    items = list(d)
    for index in range(N):
        assert [n for who, n in items if who == index] == list(range(ROUNDS))


def test_blocks_are_whole():
    d = ConcurrentDeque()
    size = 7

    def work(index):
        for n in range(150):
            block = [(index, n, k) for k in range(size)]
            if n % 2:
                d.extend(block)
            else:
                d.extendleft(reversed(block))
            # Whole blocks, in whatever order, at every moment.
            items = list(d)
            assert len(items) % size == 0
            for start in range(0, len(items), size):
                one = items[start : start + size]
                assert one == [(*one[0][:2], k) for k in range(size)]

    run_threads(N, work)
    assert len(d) == N * 150 * size


def test_maxlen_is_exact():
    d = ConcurrentDeque(maxlen=5)
    dead = AtomicInt64()

    def work(index):
        for n in range(ROUNDS):
            thing = Thing(dead.incr)
            if n % 3 == 0:
                d.append(thing)
            elif n % 3 == 1:
                d.appendleft(thing)
            else:
                d.extend([thing])
            del thing
            assert len(d) <= 5
            assert len(d.copy()) <= 5

    run_threads(N, work)
    assert len(d) == 5
    assert dead.get() == N * ROUNDS - 5
    d.clear()
    assert dead.get() == N * ROUNDS


def test_nothing_is_missed_while_others_rotate():
    d = ConcurrentDeque(range(50))
    done = threading.Event()

    def work(index):
        if index < 2:
            n = 0
            while not done.is_set():
                n += 1
                d.rotate(1 if index else -3)
                if n % 10 == 0:
                    d.reverse()
            return
        try:
            for n in range(400):
                assert n % 50 in d
                assert 0 <= d.index(n % 50) < 50
                assert d.count(n % 50) == 1
                assert sorted(d) == list(range(50))
                assert sorted([*reversed(d)]) == list(range(50))
                assert len(d) == 50
        finally:
            done.set()

    run_threads(4, work)


def test_removals_are_exact():
    d = ConcurrentDeque()
    for n in range(200):
        d.extend([n] * N)

    def work(index):
        numbers = range(200) if index % 2 else reversed(range(200))
        for n in numbers:
            d.remove(n)
            if n % 10 == 0:
                d.rotate(index)
                d.appendleft(None)
                d.append(None)

    run_threads(N, work)
    with pytest.raises(ValueError, match="not in deque"):
        d.remove(7)
    assert list(d) == [None] * (2 * 20 * N)


def test_removals_and_pops_share_out():
    total = 1000
    d = ConcurrentDeque(range(total))

    def work(index):
        got = []
        if index < 2:
            for n in range(total):
                try:
                    d.remove(n if index else total - 1 - n)
                    got.append(n if index else total - 1 - n)
                except ValueError:
                    pass
        else:
            while d:
                try:
                    got.append(d.pop() if index == 2 else d.popleft())
                except IndexError:
                    break
        return got

    assert sorted(flat(run_threads(4, work))) == list(range(total))


def test_readers_among_writers():
    d = ConcurrentDeque(range(100))
    stays = object()
    d.insert(50, stays)
    done = threading.Event()

    def write(index):
        n = 0
        while not done.is_set():
            n += 1
            d.append(n)
            d.appendleft(n)
            # On either side it takes as many as it puts in, so that the one in the middle stays.
            left, right = d.popleft(), d.pop()
            assert stays not in (left, right)
            d.extend([n, n])
            d.pop()
            d.pop()
            d.insert(1, n)
            del d[1]
            middle = object()
            d.insert(75, middle)
            d.remove(middle)

    def read(index):
        for _ in range(150):
            assert sum(item is stays for item in d) == 1
            assert stays in d
            assert 30 < d.index(stays) < 70
            assert len(d) >= 80
            repr(d)
            assert d != ConcurrentDeque()
            assert sum(item is stays for item in reversed(d)) == 1
            assert d[0] is not None
            assert d[-1] is not None

    def work(index):
        if index < 2:
            return write(index)
        try:
            return read(index)
        finally:
            done.set()

    run_threads(4, work)


def test_one_iterator_in_many_threads():
    it = iter(ConcurrentDeque(range(5000)))
    taken = run_threads(N, lambda _: list(it))
    assert sorted(flat(taken)) == list(range(5000))


def test_many_short_lives():
    d = ConcurrentDeque()

    def work(index):
        for n in range(400):
            mine = d.handle()
            mine.append(ConcurrentDeque([mine, index, n]))
            d.popleft(timeout=LONG).clear()
            iter(mine)

    run_threads(N, work)
    assert len(d) == 0


def test_collector_while_threads_work():
    d = ConcurrentDeque()
    done = threading.Event()

    def work(index):
        if index == 0:
            for _ in range(30):
                gc.collect()
            done.set()
            return
        while not done.is_set():
            d.extend([[d], [Thing()]])
            d.rotate(1)
            [None] in d  # noqa: B015
            d.pop(timeout=LONG)
            d.popleft(timeout=LONG)

    run_threads(4, work)
    d.clear()


def test_two_deques_in_each_other():
    # An operation on two deques holds the lock of one at a time.
    one, two = ConcurrentDeque("ab"), ConcurrentDeque("cd")

    def work(index):
        ours, theirs = (one, two) if index % 2 else (two, one)
        for _ in range(500):
            assert len(ours + theirs) >= 4
            assert ours != theirs
            ours.extend(theirs)
            while len(ours) > 2:
                ours.pop()

    run_threads(2, work)


# A process


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
POSIX = pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")


@POSIX
@WAITS
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {wait}
except KeyboardInterrupt:
    d.append(1)
    print("interrupted", {wait}, len(d))
"""
    )
    assert out == "interrupted 1 0\n"


@POSIX
@pytest.mark.parametrize("wait", ["timeout=None", "timeout=1000"])
def test_interrupted_pops_lose_nothing(wait):
    out = run_python(
        f"""{HEAD}
import functools
class Stop(BaseException): pass
def strike(_number, frame):
    # Only inside of work: it is work that is tested.
    while frame is not None:
        if frame.f_code is work.__code__:
            raise Stop
        frame = frame.f_back
signal.signal(signal.SIGUSR1, strike)
main, done = threading.get_ident(), threading.Event()
def feed():
    for n in range(5000):
        d.append(n)
        if n % 5 == 0:
            time.sleep(0.00005)
            signal.pthread_kill(main, signal.SIGUSR1)
    while not done.wait(0.001):
        signal.pthread_kill(main, signal.SIGUSR1)
taken, stops = [], 0
pops = iter(functools.partial(d.popleft, {wait}), object())
def work():
    # A loop in C keeps every item that a pop returns.
    taken.extend(pops)
threading.Thread(target=feed, daemon=True).start()
while len(taken) < 5000:
    try:
        work()
    except Stop:
        stops += 1
done.set()
assert taken == list(range(5000))
assert stops > 0
print("whole")
"""
    )
    assert out == "whole\n"


@POSIX
def test_signal_handler_may_use_the_deque():
    out = run_python(
        f"""{HEAD}
signal.signal(signal.SIGUSR1, lambda *_: d.append("from the handler"))
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=interrupt, daemon=True).start()
print(d.pop(timeout=None))
"""
    )
    assert out == "from the handler\n"


@POSIX
@pytest.mark.parametrize("search", ["77 in d", "d.index(77)", "d.remove(77)", "d.count(77)"])
def test_interrupt_ends_a_search(search):
    out = run_python(
        f"""{HEAD}
class Slow:
    def __eq__(self, other):
        # In short pieces: another thread may be the one that the signal ends the sleep of.
        while started.is_set():
            time.sleep(0.01)
        started.set()
        return False
started = threading.Event()
d.extend([Slow(), Slow(), 77])
def interrupt():
    started.wait()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {search}
except KeyboardInterrupt:
    print("interrupted", len(d))
"""
    )
    assert out == "interrupted 3\n"


@WAITS
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
threads = [threading.Thread(target=lambda: {wait}, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see support.run_python.
    run_python(
        """
import threading
from ft_utils.concurrency import *
d, n = ConcurrentDeque(maxlen=50), AtomicInt64()
def work():
    while True:
        d.extend([n.incr() % 100, d])
        d.rotate(3)
        d.popleft(timeout=1)
        n.get() in d
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
while n < 2000:
    pass
"""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize(
    "busy", ["d.append(n.incr()); d.pop(); 'x' in d", "n.incr(); other.pop(timeout=0.0001)"]
)
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
n, other = AtomicInt64(), ConcurrentDeque()
def work():
    while True:
        try:
            {busy}
        except EmptyDequeError:
            pass
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
while n < 100:
    time.sleep(0.001)
def child():
    signal.alarm(15)
    other.append(1)
    assert other.pop() == 1
    fresh = ConcurrentDeque()
    thread = threading.Thread(target=lambda: fresh.append(fresh.pop(timeout=None) + 1))
    thread.start()
    fresh.append(1)
    thread.join()
    assert fresh.pop(timeout=None) == 2
    thread = threading.Thread(target=lambda: fresh.append(other.pop(timeout=None) + 1))
    thread.start()
    other.append(1)
    thread.join()
    assert fresh.pop() == 2
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
faulthandler.cancel_dump_traceback_later()
"""
    )


# Against collections.deque


class SameAsDeque(RuleBasedStateMachine):
    """Alone, a ConcurrentDeque does what a collections.deque does."""

    index = st.integers(-9, 9)
    items = st.lists(st.integers(0, 5), max_size=8)

    @initialize(items=items, maxlen=st.none() | st.integers(0, 8))
    def make(self, items, maxlen):
        self.ours, self.model = ConcurrentDeque(items, maxlen), deque(items, maxlen)

    def same(self, call):
        results = []
        for each in (self.model, self.ours):
            try:
                results.append(call(each))
            except (IndexError, ValueError) as error:
                kind = IndexError if isinstance(error, IndexError) else ValueError
                results.append(kind)
        assert results[0] == results[1]

    @rule(name=st.sampled_from(["append", "appendleft"]), item=st.integers(0, 5))
    def add(self, name, item):
        self.same(lambda d: getattr(d, name)(item))

    @rule(name=st.sampled_from(["extend", "extendleft", "__iadd__"]), items=items)
    def add_many(self, name, items):
        self.same(lambda d: getattr(d, name)(items) in (None, d))

    @rule(name=st.sampled_from(["pop", "popleft", "reverse", "clear"]))
    def simple(self, name):
        self.same(lambda d: getattr(d, name)())

    @rule(name=st.sampled_from(["rotate", "__getitem__", "__delitem__"]), index=index)
    def by_index(self, name, index):
        self.same(lambda d: getattr(d, name)(index))

    @rule(name=st.sampled_from(["insert", "__setitem__"]), index=index, item=st.integers(0, 5))
    def put(self, name, index, item):
        self.same(lambda d: getattr(d, name)(index, item))

    @rule(
        name=st.sampled_from(["remove", "index", "count", "__contains__"]), item=st.integers(0, 6)
    )
    def search(self, name, item):
        self.same(lambda d: getattr(d, name)(item))

    @rule(item=st.integers(0, 6), start=index, stop=index)
    def search_within(self, item, start, stop):
        self.same(lambda d: d.index(item, start, stop))

    @rule(n=st.integers(-1, 3))
    def repeat(self, n):
        if len(self.model) < 100:
            self.same(lambda d: list(d * n))
            self.same(lambda d: list(n * d))
            self.same(lambda d: d.__imul__(n) is d)

    @rule()
    def join(self):
        self.same(lambda d: list(d + d.copy()))

    @rule(name=st.sampled_from(["pop", "popleft"]), timeout=st.sampled_from([None, 0, 0.0, 9]))
    def pop_in_time(self, name, timeout):
        if self.model:
            assert getattr(self.ours, name)(timeout=timeout) == getattr(self.model, name)()

    @rule()
    def go_on_with_a_handle(self):
        self.ours = self.ours.handle()

    @rule(items=items)
    def compare(self, items):
        ours, model = ConcurrentDeque(items), deque(items)
        for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt):
            assert compare(self.ours, ours) == compare(self.model, model)
        assert (self.ours >= ours) == (self.model >= model)

    @invariant()
    def is_same(self):
        if hasattr(self, "ours"):
            assert list(self.ours) == list(self.model)
            assert list(reversed(self.ours)) == list(reversed(self.model))
            assert len(self.ours) == len(self.model)
            assert repr(self.ours) == f"Concurrent{repr(self.model).replace('d', 'D', 1)}"


TestSameAsDeque = SameAsDeque.TestCase


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_comparisons_are_those_of_lists(one, two):
    ours, theirs = ConcurrentDeque(one), ConcurrentDeque(two)
    for op in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        assert op(ours, theirs) is op(one, two)
