"""ConcurrentDict: the arguments of its constructor."""

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict
from helpers.objects import without_address


@pytest.mark.parametrize("capacity", [0, -1, 1, 2, 17, 1000, True, 2**40, AtomicInt64(4)])
def test_capacity_is_a_hint(capacity):
    for d in (ConcurrentDict(capacity), ConcurrentDict(initial_capacity=capacity)):
        assert len(d) == 0
        d.update((n, -n) for n in range(100))
        assert d.as_dict() == {n: -n for n in range(100)}


@pytest.mark.parametrize("capacity", [None, 1.0, "1", object()], ids=without_address)
def test_bad_capacity(capacity):
    with pytest.raises(TypeError, match="initial_capacity"):
        ConcurrentDict(capacity)


def test_huge_capacity_overflows():
    with pytest.raises(OverflowError):
        ConcurrentDict(2**64)


def test_starts_from_a_dict():
    class Odd(dict):
        def __getitem__(self, key):
            raise AssertionError("the storage is read, not this")

    source = {"a": 1, "b": 2}
    for d in (
        ConcurrentDict(4, source),
        ConcurrentDict(dictionary=source),
        ConcurrentDict(0, dictionary=Odd(source)),
    ):
        assert d == source
        d["c"] = 3
    assert source == {"a": 1, "b": 2}


def test_refuses_wrong_arguments():
    for args, kwargs in [((1, {}, 2), {}), ((), {"scaling": 3}), ((1,), {"initial_capacity": 2})]:
        with pytest.raises(TypeError):
            ConcurrentDict(*args, **kwargs)
