"""AtomicReference: reference counts, and what the garbage collector does with it."""

import gc
import sys
import weakref

import pytest
from ft_utils.concurrency import AtomicFlag, AtomicReference
from helpers.objects import Thing, collected
from helpers.programs import run_python
from helpers.threads import run_threads

from .shared import Bad


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
