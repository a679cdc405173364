"""AtomicFlag: identity, subclasses, handles and life."""

import copy
import gc
import operator
import pickle
import weakref
from fractions import Fraction

import pytest
from ft_utils.concurrency import AtomicFlag
from helpers.objects import Thing, collected
from helpers.programs import run_python


def test_no_number():
    flag = AtomicFlag(True)
    for call in (int, float, len, iter, operator.index, operator.invert, operator.neg):
        with pytest.raises(TypeError):
            call(flag)
    for call in (operator.and_, operator.or_, operator.add, operator.lt, operator.ge):
        for other in (True, AtomicFlag(True), Fraction(1)):
            with pytest.raises(TypeError):
                call(flag, other)


def test_identity():
    flag, other = AtomicFlag(True), AtomicFlag(True)
    assert flag == flag
    assert flag != other
    assert (flag == True) is False  # noqa: E712
    assert {flag: 1, other: 2}[flag] == 1


def test_text():
    flag = AtomicFlag(False)
    assert repr(flag) == str(flag) == f"{flag}" == "AtomicFlag(False)"
    flag.set(True)
    assert repr(flag) == "AtomicFlag(True)"
    with pytest.raises(TypeError):
        format(flag, "d")
    assert repr(type("Mine", (AtomicFlag,), {})(True)) == "Mine(True)"


def test_open_for_attributes():
    flag = AtomicFlag(True)
    flag.note = "kept"
    assert flag.note == "kept"
    assert vars(flag) == {"note": "kept"}
    with pytest.raises(AttributeError):
        flag.other  # noqa: B018


def test_subclass():
    class Named(AtomicFlag):
        def __init__(self, name, *, on=False):
            super().__init__(on)
            self.name = name

    one = Named("n", on=True)
    assert (one.name, bool(one)) == ("n", True)
    assert type(one.handle()) is AtomicFlag

    class Forgets(AtomicFlag):
        def __init__(self, *args, **kwargs):
            pass

    assert not Forgets(1, 2, x=3)


def test_subscription():
    assert AtomicFlag[bool](True).get() is True


def test_no_copies():
    flag = AtomicFlag(True)
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"cannot copy or pickle.*handle\(\)"):
            call(flag)


def test_handle_shares_state():
    flag = AtomicFlag(False)
    handle = flag.handle()
    second = handle.handle()
    assert flag is not handle
    second.set(True)
    assert flag
    assert handle.exchange(False) is True
    assert not flag
    assert flag != handle
    del flag, second
    gc.collect()
    assert handle.test_and_set() is False


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_life():
    flag = AtomicFlag(True)
    assert gc.is_tracked(flag)
    dead = weakref.ref(flag)
    flag.itself, flag.thing = flag, Thing()
    thing = weakref.ref(flag.thing)
    del flag
    assert collected(dead)
    assert thing() is None
    handle = AtomicFlag(1).handle()
    handle.itself, dead = handle, weakref.ref(handle)
    del handle
    assert collected(dead)


@pytest.mark.thread_unsafe(reason="sets the collector's threshold")
def test_collector_meets_flags_in_the_making():
    run_python(
        "import gc\n"
        "from ft_utils import AtomicFlag\n"
        "class F(AtomicFlag): pass\n"
        "gc.set_threshold(1)\n"
        "made = [make(1) for make in (AtomicFlag, F) for _ in range(500)]\n"
        "made += [each.handle() for each in made]\n"
        "assert all(made)\n"
    )
