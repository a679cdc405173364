"""AtomicReference: when the objects that were in it die."""

import gc
import weakref

from ft_utils.concurrency import AtomicReference
from helpers.objects import Thing


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
