"""ProcessSemaphore: its arguments, and the class."""

import copy
import inspect
import pickle
import weakref

import pytest
from ft_utils.concurrency import AtomicInt64, ProcessSemaphore
from helpers.objects import Thing, collected


@pytest.mark.parametrize("value", [1, True, 7, 2**40, AtomicInt64(2)])
def test_construction(value):
    for semaphore in (ProcessSemaphore(value), ProcessSemaphore(value=value)):
        assert semaphore.value == int(value)
        assert not semaphore.locked()


def test_bad_values():
    for value in (0, -1, False):
        with pytest.raises(ValueError, match="at least 1"):
            ProcessSemaphore(value)
    for bad in (None, "1", 1.0, [1]):
        with pytest.raises(TypeError):
            ProcessSemaphore(bad)
    for args, kwargs in [((), {}), ((1, 2, 3), {}), ((1,), {"value": 1}), ((), {"n": 1})]:
        with pytest.raises(TypeError):
            ProcessSemaphore(*args, **kwargs)
    with pytest.raises(OverflowError):
        ProcessSemaphore(2**64)


def test_signatures():
    assert str(inspect.signature(ProcessSemaphore)) == "(value, limit=None)"
    of = {
        name: str(inspect.signature(getattr(ProcessSemaphore, name)))
        for name in ("acquire", "release", "locked", "try_acquire", "acquire_sync", "handle")
    }
    assert of.pop("acquire_sync") == "(self, /, blocking=True, timeout=None, n=1)"
    assert {of.pop(name) for name in ("locked", "handle")} == {"(self, /)"}
    assert set(of.values()) == {"(self, /, n=1)"}


def test_protocols():
    semaphore = ProcessSemaphore(3)
    assert weakref.ref(semaphore)() is semaphore
    assert hash(semaphore) != hash(ProcessSemaphore(3)) or semaphore != ProcessSemaphore(3)
    assert repr(semaphore) == "<ProcessSemaphore with 3 of 3 slots free>"
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot copy or pickle"):
            call(semaphore)
    assert pickle.loads(pickle.dumps(ProcessSemaphore)) is ProcessSemaphore
    semaphore.label = "budget"
    assert semaphore.label == "budget"


def test_subclass():
    class Named(ProcessSemaphore):
        def __init__(self, name, value):
            super().__init__(value)
            self.name = name

    class Lazy(ProcessSemaphore):
        def __init__(self):
            pass

    semaphore = Named("n", 2)
    assert (semaphore.name, semaphore.value) == ("n", 2)
    assert repr(semaphore).startswith("<Named with 2")
    lazy = Lazy()
    assert repr(lazy) == "<Lazy, not initialized>"
    for call in (lazy.acquire, lazy.release, lazy.locked, lazy.try_acquire, lazy.handle):
        with pytest.raises(RuntimeError, match="__init__"):
            call()


def test_second_init_changes_nothing():
    semaphore = ProcessSemaphore(2)
    semaphore.try_acquire()
    semaphore.__init__(5)
    assert semaphore.value == 1


def test_cycle_through_dict_is_collected():
    semaphore = ProcessSemaphore(1)
    semaphore.me = semaphore
    semaphore.thing = Thing()
    reference = weakref.ref(semaphore.thing)
    del semaphore
    assert collected(reference)
