"""refcount.rs beside Py_IncRef and Py_DecRef: objects of other threads, and immortal objects."""

import itertools
import shutil
import threading

import pytest
from helpers.builds import FREE_THREADED
from helpers.limits import VERY_LONG

from .shared import IMMORTAL, Made, Owner, let_go, needs_defer, needs_try, states, thread_id

pytestmark = [
    pytest.mark.skipif(not FREE_THREADED, reason="with a GIL, PyO3's functions are used"),
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.thread_unsafe(reason="other threads could take the place of one that is over"),
    pytest.mark.timeout(VERY_LONG),
]

# As above, in a thread that did not make it, while that which did is in a call.
OTHERS = [
    ("plain", "+-++--", {"theirs", "shared"}),
    ("weakly", "+-++--", {"theirs", "weakly", "shared"}),
    ("plain", "-", {"theirs", "queued"}),
    ("plain", "++---", {"theirs", "shared", "queued"}),
    ("weakly", "+--", {"theirs", "weakly", "shared", "queued"}),
    ("plain", "<->+", {"theirs", "shared", "queued"}),
    pytest.param("deferred", "+-++--", {"theirs", "deferred"}, marks=needs_defer),
]


@pytest.mark.parametrize(("how", "steps", "seen"), OTHERS)
def test_of_a_thread_in_a_call(ext, how, steps, seen):
    with Owner(ext, how, attached=True) as owner:
        real, inline = owner.made
        expected = ext.count(real.address, steps, False, real.deaths)
        trace = ext.count(inline.address, steps, True, inline.deaths)
        assert trace == expected
        assert states(trace, thread_id(ext)) == seen
        # A queued object is not freed before its own thread has merged its counts.
        assert not real.deaths and not inline.deaths
    if steps.count("-") + steps.count(">") > steps.count("+") + steps.count("<"):
        assert len(real.deaths) == 1 and real.deaths == inline.deaths
        assert real.deaths != [threading.get_ident()]
    else:
        for made in owner.made:
            assert not made.deaths
            let_go(ext, made, inline=made is inline)


@needs_try
@pytest.mark.parametrize(
    ("how", "steps", "counted"),
    [
        # Nobody else has a reference that could be seen.
        ("plain", "?", 0),
        ("plain", "e?", 2),
        ("plain", "+?", 2),
        ("plain", "+-?", 0),
        ("weakly", "?", 1),
        ("plain", "e-?", 1),
    ],
)
def test_counting_without_a_reference(ext, how, steps, counted):
    with Owner(ext, how, attached=True) as owner:
        real, inline = owner.made
        expected = ext.count(real.address, steps, False, real.deaths)
        assert ext.count(inline.address, steps, True, inline.deaths) == expected
        (_, local, shared) = expected[-1]
        assert (local, shared >> 2) == (expected[0][1], counted)
    for made in owner.made:
        let_go(ext, made, inline=made is inline)


@pytest.mark.parametrize("how", ["plain", "weakly"])
@pytest.mark.parametrize(
    ("steps", "over"),
    [
        *itertools.product(["-", "+--", "+-++---"], [False, True]),
        # Not of one that is over: the thread that does this step may get its id, and be the owner.
        ("<--", False),
    ],
)
def test_of_a_thread(ext, how, steps, over):
    with Owner(ext, how, attached=False) as owner:
        if over:
            owner.end()
        real, inline = owner.made
        expected = ext.count(real.address, steps, False, real.deaths)
        trace = ext.count(inline.address, steps, True, inline.deaths)
        assert trace == expected
        assert real.deaths == inline.deaths
        # The newest versions do not wait for it either way.
        assert real.deaths == [threading.get_ident()] or not over
    assert len(real.deaths) == 1
    assert real.deaths == inline.deaths


@pytest.mark.parametrize("steps", ["+)+-", "++))+-", "++)-+"])
def test_merged_on_its_behalf(ext, steps):
    real, inline = Made(ext, "plain"), Made(ext, "plain")
    expected = ext.count(real.address, steps, False, real.deaths)
    assert ext.count(inline.address, steps, True, inline.deaths) == expected
    for made in (real, inline):
        assert not made.deaths
        let_go(ext, made, inline=made is inline)


@pytest.mark.parametrize("thing", [None, True, 5, (), "interned", int], ids=repr)
def test_immortal(ext, thing):
    steps = "+-<>-+--++"
    expected = ext.count(id(thing), steps, False, [])
    assert ext.count(id(thing), steps, True, []) == expected
    assert expected == [(0, IMMORTAL, 0)] * (len(steps) + 1)
