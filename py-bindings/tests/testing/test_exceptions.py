"""ft_utils.testing.run_concurrently: exceptions of the threads."""

import threading

import pytest
from ft_utils import AtomicInt64
from ft_utils.testing import run_concurrently
from helpers.limits import LONG

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, changes the switch interval")


def test_exceptions_come_together():
    calls = [AtomicInt64() for _ in range(4)]
    third_fails = threading.Event()

    def work(index):
        iteration = calls[index].incr() - 1
        if iteration == 2 and index == 3:
            third_fails.set()
            raise ValueError("from 3")
        if iteration == 2 and index == 1:
            # Later, but listed first.
            assert third_fails.wait(LONG)
            raise KeyError("from 1")

    with pytest.raises(ExceptionGroup, match="2 of 4 threads raised in iteration 2") as caught:
        run_concurrently(work, 4, 6, pass_index=True)
    first, second = caught.value.exceptions
    assert (type(first), first.args) == (KeyError, ("from 1",))
    assert (type(second), second.args) == (ValueError, ("from 3",))
    assert first.__notes__ == ["In thread 1, iteration 2."]
    assert second.__notes__ == ["In thread 3, iteration 2."]
    assert [call.get() for call in calls] == [3, 3, 3, 3]


def test_one_exception_is_in_a_group_too():
    with pytest.raises(ExceptionGroup) as caught:
        run_concurrently(lambda: 1 / 0, 1)
    assert [type(one) for one in caught.value.exceptions] == [ZeroDivisionError]
    assert caught.value.exceptions[0].__traceback__ is not None


def test_same_exception_from_all():
    failure = ValueError("shared")

    def fail():
        raise failure

    with pytest.raises(ExceptionGroup, match="3 of 3") as caught:
        run_concurrently(fail, 3)
    assert caught.value.exceptions == (failure,)
    assert sorted(failure.__notes__) == [f"In thread {n}, iteration 0." for n in range(3)]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_exceptions_that_end_programs(kind):
    def fail():
        raise kind

    with pytest.raises(BaseExceptionGroup) as caught:
        run_concurrently(fail, 2)
    assert not isinstance(caught.value, ExceptionGroup)
    assert [type(one) for one in caught.value.exceptions] == [kind, kind]


@pytest.mark.usefixtures("no_third_thread")
def test_thread_that_cannot_start():
    called = AtomicInt64()
    with pytest.raises(RuntimeError, match="start new thread"):
        run_concurrently(called.incr, 4)
    assert called == 0
