"""The package ft_utils: every class has a module, a text, handles and signatures."""

import copy
import inspect
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import ft_utils
import ft_utils.concurrency
import pytest
from ft_utils import AtomicInt64, ConcurrentDict, ConcurrentQueue
from helpers.objects import collected

from .shared import NAMES

# How an object of each class that threads share is made.
SHARED: dict[str, Callable[[], Any]] = {
    "AtomicFlag": lambda: ft_utils.AtomicFlag(False),
    "AtomicInt64": ft_utils.AtomicInt64,
    "AtomicReference": ft_utils.AtomicReference,
    "Barrier": lambda: ft_utils.Barrier(1),
    "BatchExecutor": lambda: ft_utils.BatchExecutor(object, 2),
    "ConcurrentDeque": ft_utils.ConcurrentDeque,
    "ConcurrentDict": ft_utils.ConcurrentDict,
    "ConcurrentGatheringIterator": ft_utils.ConcurrentGatheringIterator,
    "ConcurrentQueue": ft_utils.ConcurrentQueue,
    "Condition": ft_utils.Condition,
    "ConcurrentSet": ft_utils.ConcurrentSet,
    "Event": ft_utils.Event,
    "IntervalLock": ft_utils.IntervalLock,
    "Latch": lambda: ft_utils.Latch(1),
    "Lock": ft_utils.Lock,
    "ManualClock": ft_utils.ManualClock,
    "Once": lambda: ft_utils.Once(object),
    "ProcessSemaphore": lambda: ft_utils.ProcessSemaphore(1),
    "RWLock": ft_utils.RWLock,
    "RateLimiter": lambda: ft_utils.RateLimiter(1),
    "StdConcurrentLifoQueue": ft_utils.StdConcurrentLifoQueue,
    "StdConcurrentPriorityQueue": ft_utils.StdConcurrentPriorityQueue,
    "StdConcurrentQueue": ft_utils.StdConcurrentQueue,
    "StripedCounter": ft_utils.StripedCounter,
}
CLASSES = sorted({*SHARED, "Case", "LocalWrapper", "RWReadContext", "RWWriteContext"})


def module_of(name):
    return next(module for module, names in NAMES.items() if name in names)


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_found(name):
    kind = getattr(ft_utils, name)
    assert kind.__module__ == f"ft_utils.{module_of(name)}"
    assert kind.__name__ == kind.__qualname__ == name
    assert kind.__doc__
    assert pickle.loads(pickle.dumps(kind)) is kind


@pytest.mark.parametrize("name", CLASSES)
def test_everything_is_documented(name):
    kind = getattr(ft_utils, name)
    for base in kind.__mro__[:-1]:
        for attribute, member in vars(base).items():
            if not attribute.startswith("_"):
                assert member.__doc__, attribute


@pytest.mark.parametrize("name", CLASSES)
def test_signatures_are_told(name):
    kind = getattr(ft_utils, name)
    assert "..." not in str(inspect.signature(kind))
    for base in kind.__mro__[:-1]:
        for attribute, member in vars(base).items():
            if not attribute.startswith("_") and callable(member):
                signature = inspect.signature(member)
                assert "..." not in str(signature), attribute


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_have_handles(name):
    one = SHARED[name]()
    handle = one.handle()
    assert type(handle) is type(one)
    assert handle is not one
    assert type(handle.handle()) is type(one)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_are_not_copied(name):
    one = SHARED[name]()
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=name):
            call(one)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_have_weak_references(name):
    one = SHARED[name]()
    died = weakref.ref(one)
    handle = one.handle()
    assert died() is one
    del one, handle
    assert collected(died)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_objects_tell_what_they_are(name):
    assert name in repr(SHARED[name]())


@pytest.mark.parametrize("name", sorted(SHARED))
def test_classes_may_be_derived_from(name):
    kind = getattr(ft_utils, name)
    derived = type("Derived", (kind,), {"extra": None})
    assert issubclass(derived, kind)


def test_missing_is_one_object():
    missing = ft_utils.concurrency.MISSING
    assert repr(missing) == "MISSING"
    assert not missing
    assert pickle.loads(pickle.dumps(missing)) is missing
    with pytest.raises(TypeError):
        type(missing)()


@pytest.mark.parametrize("name", ["ConcurrentDictIterator", "ConcurrentQueueIterator"])
def test_iterators_are_not_made(name):
    from ft_utils import _native

    with pytest.raises(TypeError):
        getattr(_native, name)()


def test_every_method_tells_its_signature():
    for kind in (AtomicInt64, ConcurrentDict, ConcurrentQueue):
        assert inspect.signature(kind).parameters
        for name in dir(kind):
            method = getattr(kind, name)
            if not name.startswith("_") and callable(method):
                assert inspect.signature(method) is not None
                assert inspect.getdoc(method), f"{kind.__name__}.{name} has no docstring"
