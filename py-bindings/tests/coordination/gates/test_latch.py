"""Latch: its methods, and the class."""

import inspect

import pytest
from ft_utils import AtomicInt64, Latch
from helpers.threads import run_threads
from helpers.timeouts import BAD_TIMEOUTS

LARGEST = 2**32 - 1


def test_counts():
    latch = Latch(3)
    assert latch.count == 3
    assert latch.count_down() is None
    latch.count_down(n=2)
    assert latch.count == 0
    assert latch.wait() is True
    assert latch.add() is None
    latch.add(n=4)
    assert latch.count == 5
    assert latch.wait(0) is False
    assert latch.wait(timeout=0.001) is False
    latch.count_down(5)
    assert latch.wait(0) is True


def test_refused_counts_change_nothing():
    latch = Latch(2)
    for n, error in [(3, ValueError), (-1, ValueError), (2**70, OverflowError), (1.0, TypeError)]:
        for call in (latch.count_down, latch.add):
            if n != 3 or call == latch.count_down:
                with pytest.raises(error):
                    call(n)
    latch.count_down(0)
    latch.add(0)
    assert latch.count == 2
    latch.count_down(AtomicInt64(2))
    with pytest.raises(ValueError, match="more than the count, 0"):
        latch.count_down()


def test_largest_count():
    latch = Latch(LARGEST)
    with pytest.raises(OverflowError, match=str(LARGEST)):
        latch.add()
    with pytest.raises(OverflowError):
        Latch(LARGEST + 1)
    latch.count_down(LARGEST)
    assert latch.count == 0


def test_arguments():
    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"count": 1}), ((), {"n": 1})]:
        with pytest.raises(TypeError):
            Latch(*args, **kwargs)
    with pytest.raises(ValueError, match="must not be negative: -1"):
        Latch(-1)
    for timeout, error in BAD_TIMEOUTS:
        for wait in (Latch(1).wait, Latch(1).wait_async):
            with pytest.raises(error):
                wait(timeout)
    assert str(inspect.signature(Latch)) == "(count)"
    assert str(inspect.signature(Latch.count_down)) == "(self, /, n=1)"
    assert str(inspect.signature(Latch.add)) == "(self, /, n=1)"


def test_handle_is_the_same_latch():
    latch = Latch(count=2)
    handle = latch.handle()
    handle.count_down()
    assert latch.count == 1
    latch.count_down()
    assert handle.wait(0)


def test_text():
    latch = Latch(2)
    assert repr(latch) == f"<ft_utils.Latch at {id(latch):#x}: count=2>"


def test_subclass():
    class Named(Latch):
        def __init__(self, name, count):
            super().__init__(count)
            self.name = name

    class Lazy(Latch):
        def __init__(self):
            pass

    latch = Named("n", 2)
    latch.__init__("m", 5)
    assert (latch.name, latch.count) == ("m", 2)
    lazy = Lazy()
    assert repr(lazy) == "<ft_utils.Lazy, not initialized>"
    for call in (lazy.count_down, lazy.add, lazy.wait, lazy.wait_async, lazy.handle):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    with pytest.raises(RuntimeError, match="__init__"):
        _ = lazy.count


def test_a_wait_group_of_threads():
    work, done = Latch(0), AtomicInt64()

    def some(_):
        for n in range(200):
            work.add(2)
            done.fetch_add(2)
            if n % 3:
                work.count_down(2)
            else:
                work.count_down()
                work.count_down()

    run_threads(4, some)
    assert work.wait(0)
    assert (work.count, done.get()) == (0, 1600)
