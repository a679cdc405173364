"""ConcurrentGatheringIterator: keys of every kind."""

import sys
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from ft_utils.concurrency import ConcurrentGatheringIterator
from ft_utils.local import LocalWrapper
from helpers.objects import Thing, without_address

from .shared import available


class Same(int):
    pass


class Other(int):
    """Is not equal to the number it is."""

    def __hash__(self):
        return 12345

    def __eq__(self, other):
        return self is other


class Three:
    def __hash__(self):
        return 3

    def __eq__(self, other):
        return other == 3


@pytest.mark.parametrize(
    "key",
    [3, 3.0, 3 + 0j, Same(3), Fraction(3), Decimal(3), LocalWrapper(3), Three()],
    ids=without_address,
)
def test_equal_keys_collide(key):
    g = ConcurrentGatheringIterator()
    for n in range(3):
        g.insert(n, n)
    g.insert(3, "before")
    g.insert(key, "after")
    assert list(g.iterator(3)) == [0, 1, 2, "after"]


def test_bools_are_keys():
    g = ConcurrentGatheringIterator()
    g.insert(True, "b")
    g.insert(False, "a")
    assert list(g.iterator(1)) == ["a", "b"]


@pytest.mark.parametrize(
    "key",
    [-1, -(2**63), 2**63, 2**64, 2**64 + 1, 10**30, -(10**30), 2**61, 0.5, float("nan"), None, "0"]
    + [(), (0,), 1j, b"", frozenset(), object(), Other(0), int],
    ids=without_address,
)
def test_keys_that_are_never_read(key):
    g = ConcurrentGatheringIterator(window=2)
    thing = Thing()
    reference = weakref.ref(thing)
    if key == 2**61:
        # That many would have to be read before.
        with pytest.raises(TimeoutError):
            g.insert(key, thing, 0)
    else:
        assert g.insert(key, thing) is None
    del thing
    assert reference() is None
    assert g.size() == 0
    g.insert(0, "a"), g.insert(1, "b")
    assert list(g.iterator(1)) == ["a", "b"]
    assert g.failure is None


def test_huge_keys_are_no_small_ones():
    g = ConcurrentGatheringIterator()
    modulus = sys.hash_info.modulus
    for n in range(3):
        # Have the same hash.
        g.insert(n + modulus, "huge")
        g.insert(float(2**80), "huge")
    assert available(g.iterator(2, timeout=0)) == []


def test_key_may_use_the_object():
    g = ConcurrentGatheringIterator()

    class Busy:
        def __hash__(self):
            g.insert(1, "from the hash")
            return 0

        def __eq__(self, other):
            g.insert(2, "from the comparison")
            return other == 0

    g.insert(Busy(), "value")
    assert list(g.iterator(2)) == ["value", "from the hash", "from the comparison"]
