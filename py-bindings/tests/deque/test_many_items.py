"""ConcurrentDeque: extending, rotating, repeating and copying."""

import operator
import sys
import weakref
from collections import deque
from collections.abc import MutableSequence, Reversible, Sequence

import pytest
from ft_utils.concurrency import ConcurrentDeque
from helpers.objects import Thing

from .shared import Sub


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
    # The copy of a handle is a deque of its own.
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
