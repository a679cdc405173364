"""ConcurrentDeque: what the garbage collector does with it."""

import gc
import weakref

import pytest
from ft_utils.concurrency import ConcurrentDeque
from helpers.objects import Thing, collected
from helpers.programs import run_python

from .shared import Sub


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
