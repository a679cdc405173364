"""AtomicReference: reading, writing and exchanging the object."""

import pytest
from ft_utils.concurrency import AtomicReference
from hypothesis import given
from hypothesis import strategies as st

from .shared import OBJECTS, Bad, Same, fresh, index


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
