"""Barrier: its methods, and the class."""

import inspect
import weakref
from threading import BrokenBarrierError

import pytest
from ft_utils import Barrier
from helpers.objects import Thing, collected
from helpers.threads import Task, wait_until
from helpers.timeouts import BAD_TIMEOUTS


def test_one_party():
    barrier = Barrier(1)
    assert (barrier.parties, barrier.n_waiting, barrier.broken) == (1, 0, False)
    assert barrier.wait() == 0
    assert barrier.wait(0) == 0
    assert barrier.wait(timeout=0) == 0


def test_a_round():
    barrier = Barrier(3)
    waits = [Task(barrier.wait) for _ in range(2)]
    wait_until(lambda: barrier.n_waiting == 2)
    indices = {barrier.wait(), *(wait.result() for wait in waits)}
    assert indices == {0, 1, 2}
    assert barrier.n_waiting == 0


def test_timeouts_break_it():
    barrier = Barrier(2)
    with pytest.raises(BrokenBarrierError):
        barrier.wait(0.001)
    assert barrier.broken
    for timeout in (None, 0, 1000):
        with pytest.raises(BrokenBarrierError):
            barrier.wait(timeout)
    assert barrier.reset() is None
    assert not barrier.broken
    with pytest.raises(BrokenBarrierError):
        barrier.wait(0)
    assert barrier.broken
    own = Barrier(2, timeout=0.001)
    with pytest.raises(BrokenBarrierError):
        own.wait()
    # An infinite timeout means for ever.
    assert Barrier(1, None, float("inf")).wait() == 0


@pytest.mark.parametrize("end", [Barrier.abort, Barrier.reset])
def test_waits_are_ended(end):
    barrier = Barrier(3)
    waits = [Task(barrier.wait) for _ in range(2)]
    wait_until(lambda: barrier.n_waiting == 2)
    assert end(barrier) is None
    for wait in waits:
        with pytest.raises(BrokenBarrierError):
            wait.result()
    assert barrier.broken is (end is Barrier.abort)


def test_action():
    calls = []
    barrier = Barrier(2, lambda: calls.append(barrier.n_waiting))
    for round in (1, 2):
        wait = Task(barrier.wait)
        barrier.wait()
        wait.result()
        assert calls == [0] * round


def test_action_that_raises_breaks_it():
    def fail():
        raise LookupError("this one")

    barrier = Barrier(2, action=fail)
    waits = [Task(barrier.wait) for _ in range(2)]
    errors = []
    for wait in waits:
        with pytest.raises((LookupError, BrokenBarrierError)) as caught:
            wait.result()
        errors.append(caught.type)
    assert sorted(error.__name__ for error in errors) == ["BrokenBarrierError", "LookupError"]
    assert barrier.broken


def test_action_that_breaks_it():
    barrier = Barrier(1, lambda: barrier.abort())
    with pytest.raises(BrokenBarrierError):
        barrier.wait()
    assert barrier.broken


def test_action_that_waits():
    """It meets nobody: the others are waiting for it."""
    barrier = Barrier(1, lambda: barrier.wait(0.001))
    with pytest.raises(BrokenBarrierError):
        barrier.wait()
    assert barrier.broken


@pytest.mark.filterwarnings("error")
def test_action_is_no_coroutine_function():
    async def act():
        pass

    barrier = Barrier(1, act)
    with pytest.raises(TypeError, match="plain function"):
        barrier.wait()
    assert barrier.broken


def test_arguments():
    for parties in (0, -1, False):
        with pytest.raises(ValueError, match="parties must be at least 1"):
            Barrier(parties)
    for args in ((), (None,), (1.0,), ("1",), (1, 5), (1, None, "x"), (1, None, 1, 1)):
        with pytest.raises(TypeError):
            Barrier(*args)
    for timeout, error in BAD_TIMEOUTS:
        with pytest.raises(error):
            Barrier(1, timeout=timeout)
        for wait in (Barrier(1).wait, Barrier(1).wait_async):
            with pytest.raises(error):
                wait(timeout)
    assert str(inspect.signature(Barrier)) == "(parties, action=None, timeout=None)"
    assert str(inspect.signature(Barrier.wait)) == "(self, /, timeout=None)"
    assert str(inspect.signature(Barrier.wait_async)) == "(self, /, timeout=None)"


def test_handle_is_the_same_barrier():
    calls = []
    barrier = Barrier(2, lambda: calls.append(1))
    handle = barrier.handle().handle()
    wait = Task(handle.wait)
    barrier.wait()
    wait.result()
    assert calls == [1]
    handle.abort()
    assert barrier.broken


def test_text():
    barrier = Barrier(3)
    assert repr(barrier) == f"<ft_utils.Barrier at {id(barrier):#x}: waiters=0/3>"
    barrier.abort()
    assert repr(barrier).endswith(": broken>")


def test_subclass():
    class Named(Barrier):
        def __init__(self, name, parties):
            super().__init__(parties, self.act)
            self.name = name

        def act(self):
            self.name += "!"

    class Lazy(Barrier):
        def __init__(self):
            pass

    barrier = Named("n", 1)
    barrier.__init__("m", 5)
    assert (barrier.wait(), barrier.name, barrier.parties) == (0, "m!", 1)
    # A method is part of the circle, and cannot be cleared.
    reference = weakref.ref(barrier)
    del barrier
    assert collected(reference)
    lazy = Lazy()
    assert repr(lazy) == "<ft_utils.Lazy, not initialized>"
    for call in (lazy.wait, lazy.wait_async, lazy.reset, lazy.abort, lazy.handle):
        with pytest.raises(RuntimeError, match="__init__"):
            call()


def test_circles_are_collected():
    def circle():
        thing = Thing()
        thing.barrier = Barrier(2, lambda: thing)
        thing.handle = thing.barrier.handle()
        thing.wait = thing.barrier.wait_async()
        thing.wait.close()
        return weakref.ref(thing)

    assert collected(circle())
