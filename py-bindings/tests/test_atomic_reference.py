"""AtomicReference: a place for one object, compared by identity."""

import copy
import gc
import inspect
import operator
import os
import pickle
import signal
import sys
import threading
import time
import weakref

import pytest
from ft_utils.concurrency import AtomicFlag, AtomicReference
from ft_utils.local import LocalWrapper
from hypothesis import given
from hypothesis import strategies as st
from support import LONG, Task, Thing, collected, flat, run_python, run_threads


class Bad:
    """Cannot be compared."""

    def __eq__(self, other):
        raise LookupError("no equality")

    __hash__ = None


class Same:
    """Equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


def fresh(number):
    """Make an int that is no cached one."""
    return int(str(10**20 + number))


# Making one


def test_constructor_forms():
    thing = object()
    assert AtomicReference().get() is None
    assert AtomicReference(None).get() is None
    assert AtomicReference(thing).get() is thing
    assert AtomicReference(obj=thing).get() is thing
    assert AtomicReference(*[], **{}).get() is None
    assert str(inspect.signature(AtomicReference)) == "(obj=None)"


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((1, 2), {}), ((1, 2, 3), {}), ((1,), {"obj": 2}), ((), {"obj": 1, "x": 2})],
)
def test_takes_zero_or_one(args, kwargs):
    with pytest.raises(TypeError, match=r"^AtomicReference\(\) .*zero or one argument$"):
        AtomicReference(*args, **kwargs)


def test_no_keyword_is_dropped():
    for name in ("value", "object", "x"):
        with pytest.raises(TypeError, match=r"^AtomicReference\(\) .*obj"):
            AtomicReference(**{name: 1})


def test_second_init_changes_nothing():
    ref = AtomicReference(1)
    ref.__init__(2)
    assert ref.get() == 1


# Reading and writing


def test_set_and_get():
    ref, things = AtomicReference(), [object(), None, [], 0, AtomicReference()]
    for thing in things:
        assert ref.set(thing) is None
        assert ref.get() is thing
        assert ref.get() is thing


def test_exchange_returns_the_one_before():
    one, two = [], []
    ref = AtomicReference(one)
    assert ref.exchange(two) is one
    assert ref.exchange(two) is two
    assert ref.exchange(None) is two
    assert ref.exchange(one) is None


def test_compare_exchange():
    one, two = [], []
    ref = AtomicReference(one)
    assert ref.compare_exchange(two, None) is False
    assert ref.get() is one
    assert ref.compare_exchange(one, two) is True
    assert ref.get() is two
    assert ref.compare_exchange(two, two) is True
    assert ref.get() is two
    assert ref.compare_exchange(None, one) is False
    assert ref.compare_exchange(two, None) is True
    assert ref.compare_exchange(None, one) is True
    assert ref.get() is one


@pytest.mark.parametrize("make", [list, lambda: fresh(0), lambda: float("1.5"), Same, Bad])
def test_equal_is_not_identical(make):
    one, twin = make(), make()
    ref = AtomicReference(one)
    assert ref.compare_exchange(twin, None) is False
    assert ref.compare_and_swap(twin, None) is one
    assert ref.get() is one
    assert ref.compare_exchange(one, None) is True


@pytest.mark.parametrize("value", [7, "name", None, True, ()])
def test_shared_objects_match(value):
    assert AtomicReference(value).compare_exchange(value, 0) is True


def test_compare_and_swap():
    one, two = [], []
    ref = AtomicReference(one)
    assert ref.compare_and_swap(two, None) is one
    assert ref.get() is one
    assert ref.compare_and_swap(one, two) is one
    assert ref.get() is two
    assert ref.compare_and_swap(two, two) is two


def test_compare_exchange_equal():
    ref = AtomicReference(fresh(1))
    assert ref.compare_exchange(fresh(1), 0) is False
    assert ref.compare_exchange_equal(fresh(2), 0) is False
    assert ref.compare_exchange_equal(fresh(1), "new") is True
    assert ref.compare_exchange_equal("".join("new"), [1.5]) is True
    assert ref.compare_exchange_equal([1.5], None) is True
    assert ref.compare_exchange_equal(0, 1) is False
    nan = float("nan")
    ref.set(nan)
    assert ref.compare_exchange_equal(float("nan"), 1) is False
    assert ref.compare_exchange_equal(nan, 1) is True


def test_equality_that_fails_changes_nothing():
    bad = Bad()
    ref = AtomicReference(bad)
    with pytest.raises(LookupError):
        ref.compare_exchange_equal(1, 2)
    assert ref.get() is bad
    assert ref.compare_exchange_equal(bad, Bad) is True


def test_equality_that_changes_the_place():
    asked = []

    class Mover:
        def __eq__(self, other):
            asked.append(self)
            if len(asked) < 5:
                ref.set(Mover())
            return True

        __hash__ = None

    ref = AtomicReference(Mover())
    assert ref.compare_exchange_equal("expected", "new") is True
    assert ref.get() == "new"
    assert len(asked) == 5


def test_update():
    ref = AtomicReference(1)
    assert ref.update(lambda n: n + 41) == 42
    assert ref.get() == 42
    assert ref.update(lambda _: None) is None
    assert ref.get() is None


def test_failed_update_changes_nothing():
    thing = object()
    ref = AtomicReference(thing)
    for error in (ValueError, KeyboardInterrupt, StopIteration, SystemExit, GeneratorExit):

        def function(old, error=error):
            raise error

        with pytest.raises(error):
            ref.update(function)
        assert ref.get() is thing
    for not_callable in (None, 1):
        with pytest.raises(TypeError, match="not callable"):
            ref.update(not_callable)
    with pytest.raises(TypeError):
        ref.update(lambda: None)
    assert ref.get() is thing


def test_update_that_uses_the_place():
    ref, calls = AtomicReference(0), []

    def function(old):
        calls.append(old)
        if len(calls) <= 3:
            Task(ref.set, old + 10).result()
        return old + 1

    assert ref.update(function) == 31
    assert calls == [0, 10, 20, 30]
    # One that looks at the object, and stores it again.
    assert ref.update(lambda n: ref.handle().update(lambda m: m) + n) == 62
    other = AtomicReference(1)
    assert ref.update(lambda n: n + other.update(lambda m: m + ref.get())) == 125
    assert ref.update(lambda n: ref.compare_exchange(0, 1) or n + 1) == 126


OWN_CHANGES = {
    "set": lambda ref: ref.set(object()),
    "exchange": lambda ref: ref.exchange(object()),
    "compare_exchange": lambda ref: ref.compare_exchange(ref.get(), object()),
    "compare_and_swap": lambda ref: ref.compare_and_swap(ref.get(), object()),
    "compare_exchange_equal": lambda ref: ref.compare_exchange_equal(ref.get(), object()),
    "update": lambda ref: ref.update(lambda _: object()),
    "handle": lambda ref: ref.handle().set(object()),
}


@pytest.mark.parametrize("change", OWN_CHANGES.values(), ids=OWN_CHANGES.keys())
def test_function_may_not_replace_the_object(change):
    ref, calls = AtomicReference(None), []

    def function(old):
        calls.append(old)
        change(ref)
        return "new"

    with pytest.raises(RuntimeError, match="changed the AtomicReference"):
        ref.update(function)
    assert calls == [None]
    assert type(ref.get()) is object


def test_equality_that_changes_the_place_for_ever():
    asked = []

    class Mover:
        def __eq__(self, other):
            asked.append(1)
            ref.set(Mover())
            return True

        __hash__ = None

    ref = AtomicReference(Mover())
    with pytest.raises(RuntimeError, match="again and again"):
        ref.compare_exchange_equal("expected", "new")
    assert len(asked) < 1000


def test_update_may_drop_the_reference():
    ref = [AtomicReference(Thing())]
    dead = weakref.ref(ref[0])
    assert ref[0].update(lambda _: ref.clear()) is None
    assert dead() is None


def test_numbered_tuples_tell_aba():
    a, b = object(), object()
    ref = AtomicReference((a, 0))
    before = ref.get()
    for thing in (b, a):
        ref.update(lambda pair, thing=thing: (thing, pair[1] + 1))
    assert ref.get()[0] is a
    assert ref.compare_exchange(before, (b, 1)) is False


OBJECTS = [None, 0, [], [], 10**20, Same(), Bad()]
index = st.integers(0, len(OBJECTS) - 1)


@given(st.lists(st.tuples(st.sampled_from("gsxcwu"), index, index)))
def test_like_a_variable(steps):
    ref, plain = AtomicReference(), None
    for step, one, two in steps:
        first, second = OBJECTS[one], OBJECTS[two]
        if step == "s":
            ref.set(first)
            plain = first
        elif step == "x":
            assert ref.exchange(first) is plain
            plain = first
        elif step == "c":
            assert ref.compare_exchange(first, second) is (plain is first)
            plain = second if plain is first else plain
        elif step == "w":
            assert ref.compare_and_swap(first, second) is plain
            plain = second if plain is first else plain
        elif step == "u":
            assert ref.update(lambda _, new=first: new) is first
            plain = first
        assert ref.get() is plain


@pytest.mark.parametrize(
    "call",
    [
        lambda ref: ref.get(1),
        lambda ref: ref.set(),
        lambda ref: ref.set(1, 2),
        lambda ref: ref.set(obj=1),
        lambda ref: ref.exchange(),
        lambda ref: ref.exchange(obj=1),
        lambda ref: ref.compare_exchange(1),
        lambda ref: ref.compare_exchange(1, obj=2),
        lambda ref: ref.compare_exchange(1, 2, 3),
        lambda ref: ref.compare_and_swap(1),
        lambda ref: ref.compare_exchange_equal(1),
        lambda ref: ref.update(),
        lambda ref: ref(),
    ],
)
def test_wrong_calls(call):
    ref = AtomicReference(1)
    with pytest.raises(TypeError):
        call(ref)
    assert ref.get() == 1


# As an object


@pytest.mark.parametrize("content", [None, 0, "", [], AtomicReference()])
def test_always_true(content):
    assert bool(AtomicReference(content)) is True


def test_identity():
    ref, other = AtomicReference(1), AtomicReference(1)
    assert ref == ref
    assert ref != other
    assert {ref: 1, other: 2}[ref] == 1
    for call in (operator.lt, operator.add):
        with pytest.raises(TypeError):
            call(ref, other)
    for call in (len, iter, int, operator.index):
        with pytest.raises(TypeError):
            call(ref)


def test_text():
    assert repr(AtomicReference()) == "AtomicReference(None)"
    assert str(AtomicReference("x")) == f"{AtomicReference('x')}" == "AtomicReference('x')"
    ref = AtomicReference()
    ref.set([ref])
    assert repr(ref) == "AtomicReference([AtomicReference(...)])"
    ref.set(ref)
    assert repr(ref) == "AtomicReference(AtomicReference(...))"
    ref.set(None)

    class Silent:
        def __repr__(self):
            raise LookupError

    ref.set(Silent())
    for _ in range(2):
        with pytest.raises(LookupError):
            repr(ref)
    assert repr(type("Mine", (AtomicReference,), {})(1)) == "Mine(1)"


def test_text_of_a_deep_one():
    run_python(
        "from ft_utils import AtomicReference\n"
        "x = None\n"
        "for _ in range(100_000): x = AtomicReference(x)\n"
        "try: repr(x)\n"
        "except RecursionError: pass\n"
        "else: raise AssertionError\n"
    )


@pytest.mark.parametrize("kind", [AtomicReference, AtomicFlag])
def test_everything_is_documented(kind):
    assert kind.__module__ == "ft_utils.concurrency"
    assert pickle.loads(pickle.dumps(kind)) is kind
    for name in dir(kind):
        method = getattr(kind, name)
        if not name.startswith("_"):
            assert inspect.signature(method) is not None
            assert inspect.getdoc(method)


def test_closed_for_attributes():
    ref = AtomicReference(1)
    with pytest.raises(AttributeError):
        ref.note = 1


def test_subclass():
    class Named(AtomicReference):
        def __new__(cls, name, obj):
            return super().__new__(cls, obj)

        def __init__(self, name, obj):
            self.name = name

        def get(self):
            return [super().get()]

    one = Named("n", 5)
    assert (one.name, one.get()) == ("n", [5])
    assert one.exchange(6) == 5
    assert type(one.handle()) is AtomicReference


def test_subscription():
    assert AtomicReference[int](5).get() == 5


def test_no_copies():
    ref = AtomicReference(1)
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"cannot copy or pickle.*handle\(\)"):
            call(ref)
    with pytest.raises(TypeError):
        copy.deepcopy([ref])


def test_through_a_wrapper():
    wrapper = LocalWrapper(AtomicReference(1))
    wrapper.set(2)
    assert wrapper.compare_exchange(2, 3) is True
    assert wrapper.get() == 3


def test_handle_shares_the_place():
    ref = AtomicReference(1)
    handle = ref.handle()
    second = handle.handle()
    second.set("new")
    assert ref.get() == handle.get() == "new"
    assert handle != ref
    del ref, second
    gc.collect()
    assert handle.exchange(2) == "new"
    assert handle.get() == 2


# Life and death


def test_objects_die_promptly():
    ref = AtomicReference(Thing())
    for replace in (
        lambda: ref.set(None),
        lambda: ref.exchange(None) and None,
        lambda: ref.compare_exchange(ref.get(), None),
        lambda: ref.compare_and_swap(ref.get(), None) and None,
        lambda: ref.compare_exchange_equal(ref.get(), None),
        lambda: ref.update(lambda _: None),
        lambda: ref.handle().set(None),
    ):
        ref.set(Thing())
        dead = weakref.ref(ref.get())
        assert dead() is not None
        replace()
        assert dead() is None


def test_content_lives_as_long_as_a_handle():
    ref = AtomicReference(Thing())
    dead = weakref.ref(ref.get())
    assert ref.compare_exchange(None, Thing()) is False
    assert dead() is not None
    handle = ref.handle()
    del ref
    assert dead() is not None
    del handle
    assert dead() is None


def test_death_sees_the_new_object():
    heard = []
    ref = AtomicReference(Thing(lambda: heard.append(ref.get())))
    ref.set("new")
    assert heard == ["new"]


def test_death_may_use_the_place():
    ref = AtomicReference()

    def heir(generation):
        def at_death():
            gc.collect(0)
            if generation:
                ref.set(heir(generation - 1))
                ref.update(lambda old: old)

        return Thing(at_death)

    ref.set(heir(5))
    generations = 0
    while ref.exchange(None) is not None:
        generations += 1
    assert generations == 6


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    one, two, bad = object(), object(), Bad()

    def work():
        ref = AtomicReference(one)
        ref.get(), ref.set(two), ref.exchange(one), ref.handle().get()
        ref.compare_exchange(one, two), ref.compare_exchange(one, bad)
        ref.compare_and_swap(two, one), ref.compare_and_swap(two, one)
        ref.compare_exchange_equal(one, two), ref.compare_exchange_equal(one, two)
        ref.update(lambda _: one), ref.update(lambda old: old)
        ref.set(bad)
        for call in (
            lambda: ref.compare_exchange_equal(one, two),
            lambda: ref.update(lambda _: one + two),
            lambda: AtomicReference(one, two),
        ):
            with pytest.raises((LookupError, TypeError)):
                call()
        repr(ref)
        ref.handle().handle().set(one)

    work()
    gc.collect()
    before = [sys.getrefcount(each) for each in (one, two, bad)]
    for _ in range(50):
        work()
    gc.collect()
    # On a free-threaded interpreter other code may hold a few for a while: a leak shows as 50.
    after = [sys.getrefcount(each) for each in (one, two, bad)]
    assert all(abs(was - now) < 20 for was, now in zip(before, after, strict=True))


class Mine(AtomicReference):
    pass


TIES = {
    "itself": lambda ref: ref.set([ref, Thing()]),
    "directly": lambda ref: ref.set(ref),
    "handle": lambda ref: ref.set(ref.handle()),
    "handle's handle": lambda ref: ref.handle().set([ref.handle().handle()]),
    "another": lambda ref: ref.set(AtomicReference(AtomicReference(ref))),
    "deep": lambda ref: [ref.set(AtomicReference(ref.get() or ref)) for _ in range(1000)],
}


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("kind", [AtomicReference, Mine])
@pytest.mark.parametrize("tie", TIES.values(), ids=TIES.keys())
def test_cycles_are_collected(kind, tie):
    ref = kind()
    assert gc.is_tracked(ref)
    dead = weakref.ref(ref)
    tie(ref)
    del ref
    assert dead() is not None
    assert collected(dead)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_attributes_of_a_subclass_are_collected():
    ref = Mine()
    ref.itself, ref.other = ref, ref.handle()
    dead = weakref.ref(ref)
    del ref
    assert collected(dead)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_spares_what_is_used():
    refs = [AtomicReference() for _ in range(300)]
    handles = [ref.handle() for ref in refs]
    for number, ref in enumerate(refs):
        ref.set([Thing(), ref, handles[-1 - number]])
    del ref
    refs.clear()
    for _ in range(5):
        gc.collect()
    for number, handle in enumerate(handles):
        thing, ref, other = handle.get()
        assert isinstance(thing, Thing)
        assert ref.get()[1] is ref
        assert other is handles[-1 - number]


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_visits_the_content_once():
    # Were it visited through the handle as well, the collector would believe that the garbage has
    # all of its references, and clear the list.
    kept = [Thing()]
    ref = Mine(kept)
    ref.own = ref.handle()
    dead = weakref.ref(ref)
    del ref
    assert collected(dead)
    assert len(kept) == 1


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_resurrection():
    saved = []

    class Phoenix(AtomicReference):
        def __del__(self):
            saved.append(self)

    one = Phoenix()
    one.set(one)
    dead = weakref.ref(one)
    del one
    assert not collected(dead) or saved
    assert len(saved) == 1
    back = saved.pop()
    back.set("works")
    assert back.get() == "works"


def test_collector_meets_references_in_the_making():
    # Python 3.11 and 3.12 run the collector while an instance gets its dict.
    run_python(
        "import gc\n"
        "from ft_utils import AtomicReference\n"
        "class R(AtomicReference): pass\n"
        "gc.set_threshold(1)\n"
        "for make in AtomicReference, AtomicReference().handle, R, R().handle:\n"
        "    made = [make() for _ in range(500)]\n"
        "    for one in made: one.set(one)\n"
        "    made = [R() for _ in range(500)]\n"
        "    for one in made: one.own = one\n"
    )


NESTS = {
    "directly": "x = AtomicReference(x)",
    "by set": "y = AtomicReference(); y.set(x); x = y",
    "in handles": "x = AtomicReference(x).handle()",
    "in lists": "x = AtomicReference([x])",
    "in tuples and queues": "q = ConcurrentQueue(); q.push((x,)); x = AtomicReference(q)",
    "in dictionaries": "d = ConcurrentDict(2); d[1] = AtomicReference(x); x = d",
    "in a subclass": "x = Mine(x)",
    "in attributes": "y = Mine(); y.own = x; x = y",
}


ENDS = {
    "freed by set": "x.set(None)",
    "freed by the collector": "x.set(x); del x; gc.collect()",
}


@pytest.mark.parametrize(
    ("nest", "end"),
    [(nest, "del x") for nest in NESTS.values()]
    + [(NESTS["directly"], end) for end in ENDS.values()],
    ids=[*NESTS, *ENDS],
)
def test_deep_nesting(nest, end):
    run_python(
        "import gc\n"
        "from ft_utils import AtomicReference, ConcurrentDict, ConcurrentQueue\n"
        "class Mine(AtomicReference): pass\n"
        "gc.disable()\n"
        "x = None\n"
        f"for _ in range(100_000): {nest}\n"
        "x = AtomicReference(x)\n"
        "y = q = d = None\n"
        f"{end}\n"
    )


def test_millions_nested():
    run_python(
        "import gc, threading\n"
        "from ft_utils import AtomicReference\n"
        "gc.disable()\n"
        "x = None\n"
        "for _ in range(1_000_000): x = AtomicReference(x)\n"
        "last = AtomicReference(x)\n"
        "del x\n"
        "thread = threading.Thread(target=last.set, args=(None,))\n"
        "thread.start(); thread.join()\n"
        "assert last.get() is None\n"
    )


def test_nested_ones_die_in_the_call():
    deaths = []
    ref = AtomicReference(Thing(lambda: deaths.append("innermost")))
    for _ in range(1000):
        ref = AtomicReference(ref)
    ref.set(None)
    assert deaths == ["innermost"]


def test_death_deep_inside_may_build_and_free():
    def at_death():
        inner = None
        for _ in range(1000):
            inner = AtomicReference(inner)

    ref = None
    for number in range(500):
        ref = AtomicReference([ref, Thing(at_death) if number % 50 == 0 else None])
    del ref


# Many threads


def test_updates_all_count():
    ref = AtomicReference(0)
    handles = [ref.handle() for _ in range(4)]

    def work(index):
        for _ in range(500):
            handles[index].update(lambda n: n + 1)

    run_threads(4, work)
    assert ref.get() == 2000


def test_loops_all_count():
    ref = AtomicReference((0,))

    def work(index):
        for _ in range(500):
            old = ref.get()
            if index % 2:
                while (now := ref.compare_and_swap(old, (old[0] + 1,))) is not old:
                    old = now
            else:
                while not ref.compare_exchange(old, (old[0] + 1,)):
                    old = ref.get()

    run_threads(4, work)
    assert ref.get() == (2000,)


def test_equal_exchanges_all_count():
    ref = AtomicReference(fresh(0))

    def work(index):
        done = 0
        for number in range(300):
            done += ref.compare_exchange_equal(fresh(number), fresh(number + 1))
            while ref.get() <= fresh(number):
                done += ref.compare_exchange_equal(fresh(number), fresh(number + 1))
        return done

    assert sum(run_threads(4, work)) == 300
    assert ref.get() == fresh(300)


def test_exchange_passes_each_object_on():
    ref = AtomicReference(-1)
    handles = [ref.handle() for _ in range(4)]

    def work(index):
        return [handles[index].exchange(index * 1000 + n) for n in range(1000)]

    seen = flat(run_threads(4, work))
    assert sorted([*seen, ref.get()]) == list(range(-1, 4000))


def test_readers_see_whole_objects():
    ref, done = AtomicReference([0, 0]), AtomicFlag(False)
    alive = [AtomicReference(0) for _ in range(4)]

    def work(index):
        if index < 2:
            for n in range(3000):
                if index:
                    ref.set([n, n])
                else:
                    ref.compare_exchange(ref.get(), [n, n])
            return done.set(True)
        while not done:
            one, two = ref.get()
            assert one == two
            alive[index].set([ref.get(), ref.exchange([7, 7])])
        return None

    run_threads(4, work)


@pytest.mark.thread_unsafe(reason="counts objects")
def test_every_object_dies_once():
    made, deaths = [], []
    ref = AtomicReference()

    def thing(number):
        made.append(number)
        return Thing(lambda: deaths.append(number))

    def work(index):
        for n in range(400):
            number = index * 1000 + n
            if n % 4 == 0:
                ref.set(thing(number))
            elif n % 4 == 1:
                ref.compare_exchange(ref.get(), thing(number))
            elif n % 4 == 2:
                ref.exchange(thing(number)), ref.get()
            else:
                ref.update(lambda _, number=number: thing(number))

    run_threads(4, work)
    ref.set(None)
    gc.collect()
    assert sorted(deaths) == sorted(made)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    refs = [AtomicReference() for _ in range(3)]
    for ref, other in zip(refs, refs[1:] + refs[:1], strict=True):
        ref.set([other, "alive"])
    stop = AtomicFlag(False)

    def work(index):
        ours = [ref.handle() for ref in refs]
        if index == 0:
            for _ in range(60):
                gc.collect()
            return stop.set(True)
        while not stop:
            for ref, other in zip(ours, ours[1:] + ours[:1], strict=True):
                assert ref.get()[1] == "alive"
                ref.set([other, "alive", Thing()])
                ref.update(lambda old: [ref, *old[1:]])  # noqa: B023
                assert ref.compare_and_swap(None, None)[1] == "alive"
                assert ref.exchange([other, "alive"])[1] == "alive"
                lost = AtomicReference()
                lost.set([lost, ref])
        return None

    run_threads(4, work)
    assert all(ref.get()[1] == "alive" for ref in refs)


def test_threads_come_and_go():
    ref = AtomicReference(0)
    for _ in range(20):
        run_threads(4, lambda _: ref.update(lambda n: n + 1))
    assert ref.get() == 80


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
def test_interrupted_update_changes_nothing():
    ref, entered = AtomicReference(0), AtomicFlag(False)

    class Stop(BaseException):
        pass

    def handle(*_):
        raise Stop

    def function(old):
        entered.set(True)
        time.sleep(LONG)

    def strike(main):
        assert entered.wait(LONG)
        signal.pthread_kill(main, signal.SIGUSR1)

    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread")
    before = signal.signal(signal.SIGUSR1, handle)
    try:
        task = Task(strike, threading.get_ident())
        with pytest.raises(Stop):
            ref.update(function)
        task.result()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ref.get() == 0


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see support.run_python.
    run_python(
        """
import threading
from ft_utils import AtomicInt64, AtomicReference
ref, n = AtomicReference(), AtomicInt64()
def work():
    while True:
        ref.set(n.incr() % 100)
        ref.compare_exchange(ref.get(), ())
        ref.exchange(None)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
while n < 5000:
    pass
"""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_while_threads_work():
    run_python(
        """
import gc, os, signal, sys, threading, warnings
from ft_utils import AtomicInt64, AtomicReference
warnings.simplefilter("ignore")
ref, n = AtomicReference([0]), AtomicInt64()
def work():
    while True:
        ref.set([n.incr()])
        ref.compare_exchange(ref.get(), [0])
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
while n < 100:
    pass
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        signal.alarm(15)
        try:
            assert isinstance(ref.get(), list)
            for each in (ref, AtomicReference()):
                for number in range(100):
                    each.set([number])
                    assert each.exchange((number,)) == [number]
                    assert each.compare_exchange(each.get(), number)
                    assert each.update(lambda n: n + 1) == number + 1
                thread = threading.Thread(target=each.update, args=(lambda n: n + 1,))
                thread.start()
                thread.join()
                assert each.get() == 101
            gc.collect()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
"""
    )
