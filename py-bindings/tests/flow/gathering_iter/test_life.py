"""ConcurrentGatheringIterator: when its values die."""

import weakref

from ft_utils.concurrency import ConcurrentGatheringIterator
from helpers.objects import Thing

from .shared import filled


def test_weak_references():
    g = ConcurrentGatheringIterator()
    iterator = g.iterator(1)
    references = weakref.ref(g), weakref.ref(iterator)
    del g
    assert references[0]() is not None
    del iterator
    assert [one() for one in references] == [None, None]


def test_values_die_promptly():
    thing = Thing()
    reference = weakref.ref(thing)
    g = filled([thing, thing])
    del thing
    iterator = g.iterator(1)
    next(iterator)
    assert reference() is not None
    next(iterator)
    # The iterator does not hold what it has yielded.
    assert reference() is None
    g.insert(0, Thing())
    (thing,) = g.iterator(0, clear=False)
    reference = weakref.ref(thing)
    del thing
    assert reference() is not None
    del g, iterator
    assert reference() is None


def test_death_may_use_the_object():
    g = ConcurrentGatheringIterator()
    heard = []

    def at_death():
        heard.append(g.size())
        g.insert(0, "from the dead")

    g.insert(0, Thing(at_death))
    g.insert(0, "alive")
    assert heard == [1]
    assert list(g.iterator(0)) == ["from the dead"]
    g.insert(-1, Thing(at_death))
    assert heard == [1, 0]
