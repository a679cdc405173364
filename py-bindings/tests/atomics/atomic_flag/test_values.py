"""AtomicFlag: reading and changing the flag."""

import pytest
from ft_utils.concurrency import AtomicFlag
from helpers.objects import without_address
from hypothesis import given
from hypothesis import strategies as st

from .shared import VALUES, Bad, Worse


@pytest.mark.parametrize("value", VALUES, ids=without_address)
def test_set(value):
    for start in (True, False):
        flag = AtomicFlag(start)
        assert flag.set(value) is None
        assert flag.get() is bool(value)
        assert flag.set(value=not value) is None
        assert flag.get() is (not value)


@pytest.mark.parametrize("start", [True, False])
def test_failed_truth_changes_nothing(start):
    flag = AtomicFlag(start)
    for call in (
        flag.set,
        flag.exchange,
        flag.__init__,
        lambda bad: flag.compare_exchange(start, bad),
        lambda bad: flag.compare_exchange(bad, not start),
    ):
        with pytest.raises(LookupError):
            call(Bad())
        with pytest.raises(TypeError):
            call(Worse())
        assert flag.get() is start


def test_truth_may_use_the_flag():
    class Turner:
        def __bool__(self):
            flag.set(not flag)
            return flag.get()

    flag = AtomicFlag(False)
    flag.set(Turner())
    assert flag
    assert flag.exchange(Turner()) is False
    assert not flag


def test_test_and_set():
    flag = AtomicFlag(False)
    assert [flag.test_and_set() for _ in range(3)] == [False, True, True]
    assert flag.clear() is None
    assert flag.clear() is None
    assert flag.test_and_set() is False


def test_exchange():
    flag = AtomicFlag(False)
    assert [flag.exchange(v) for v in (1, "x", 0, None, [1])] == [0, 1, 1, 0, 0]
    assert flag.exchange(value=0) is True


def test_compare_exchange():
    flag = AtomicFlag(False)
    assert flag.compare_exchange(True, False) is False
    assert flag.compare_exchange(0, [1]) is True
    assert flag.get() is True
    assert flag.compare_exchange(expected=1, new=1) is True
    assert flag.compare_exchange(False, False) is False
    assert flag.get() is True


@given(st.lists(st.tuples(st.sampled_from("sectw"), st.booleans(), st.booleans())))
def test_like_a_bool(steps):
    flag, plain = AtomicFlag(False), False
    for step, one, two in steps:
        if step == "s":
            flag.set(one)
            plain = one
        elif step == "e":
            assert flag.exchange(one) is plain
            plain = one
        elif step == "c":
            assert flag.compare_exchange(one, two) is (plain is one)
            plain = two if plain is one else plain
        elif step == "t":
            assert flag.test_and_set() is plain
            plain = True
        else:
            assert flag.wait(0) is plain
        assert flag.get() is bool(flag) is plain


def test_wrong_calls():
    flag = AtomicFlag(True)
    for call in (
        flag.set,
        flag.exchange,
        lambda: flag.set(1, 2),
        lambda: flag.set(other=1),
        lambda: flag.get(1),
        lambda: flag.clear(1),
        lambda: flag.test_and_set(True),
        lambda: flag.compare_exchange(1),
        lambda: flag.wait(1, 2),
        lambda: flag.handle(1),
    ):
        with pytest.raises(TypeError):
            call()
    assert flag
