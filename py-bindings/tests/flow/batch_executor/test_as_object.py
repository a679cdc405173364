"""BatchExecutor: handles, subclasses, copies."""

import copy
import gc
import itertools
import pickle
import weakref

import pytest
from ft_utils.local import BatchExecutor, LocalWrapper
from helpers.objects import collected

from .shared import counting


def test_repr():
    executor = counting(3)
    assert repr(executor) == "<BatchExecutor with 0 of 3 results>"
    executor.load()
    assert repr(executor) == "<BatchExecutor with 2 of 3 results>"


def test_read_only():
    executor = counting(3)
    for name in ("source", "size", "buffered", "other"):
        with pytest.raises(AttributeError):
            setattr(executor, name, 1)
    for call in (
        lambda: len(executor),
        executor.__call__ if callable(executor) else lambda: 1 + executor,
    ):
        with pytest.raises(TypeError):
            call()
    assert executor
    assert executor != counting(3)
    assert {executor: 1}[executor] == 1


def test_handle_shares():
    executor = counting(4)
    handle = executor.handle()
    assert [executor.load(), handle.load(), executor.load()] == [0, 1, 2]
    assert handle.buffered == executor.buffered == 1
    assert handle.source is executor.source
    assert handle.size == 4
    other = handle.handle()
    reference = weakref.ref(executor)
    del executor, handle
    gc.collect()
    assert other.load() == 3
    assert other.load() == 4
    del other
    assert reference() is None


def test_as_local():
    executor = counting(2)
    wrapper = executor.as_local()
    assert type(wrapper) is LocalWrapper
    assert wrapper.wrapped is executor
    assert [wrapper.load(), executor.load(), wrapper.load()] == [0, 1, 2]
    assert executor.as_local() is not wrapper
    assert wrapper.size == 2
    # A subclass may have changed what load() does.
    mine = Doubling(itertools.count().__next__, 3)
    assert mine.as_local().wrapped is mine
    assert [mine.as_local().load() for _ in range(3)] == [0, 2, 4]
    with pytest.raises(TypeError):
        executor.as_local(1)


class Doubling(BatchExecutor):
    def load(self, timeout=None):
        return 2 * super().load(timeout)


def test_subclass_has_its_own_arguments():
    class Named(BatchExecutor):
        def __init__(self, name):
            super().__init__(lambda: name, 2)
            self.name = name

    named = Named("n")
    assert named.load() == named.name == "n"
    assert named.handle().load() == "n"
    assert repr(named) == "<Named with 0 of 2 results>"
    del named.name
    named.itself = named
    reference = weakref.ref(named)
    del named
    assert collected(reference)


def test_subclass_that_forgets():
    class Forgets(BatchExecutor):
        def __init__(self):
            pass

    executor = Forgets()
    assert repr(executor) == "<Forgets, not initialized>"
    for call in (
        executor.load,
        executor.handle,
        lambda: executor.as_local().load(),
        lambda: executor.source,
        lambda: executor.size,
        lambda: executor.buffered,
        lambda: next(iter(executor)),
    ):
        with pytest.raises(RuntimeError, match="__init__"):
            call()
    gc.collect()


def test_second_init_changes_nothing():
    executor = counting(3)
    executor.load()
    executor.__init__(lambda: "other", 5)
    assert executor.size == 3
    assert [executor.load() for _ in range(3)] == [1, 2, 3]


def test_subscription():
    alias = BatchExecutor[int]
    assert alias.__origin__ is BatchExecutor
    assert alias(itertools.count().__next__, 3).load() == 0


def test_no_copies():
    for executor in (counting(2), Doubling(int, 1)):
        for call in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match=r"cannot copy or pickle .*handle\(\)"):
                call(executor)
        with pytest.raises(TypeError):
            pickle.dumps(iter(executor))


def test_weak_references():
    executor = counting(2)
    iterator = iter(executor)
    references = weakref.ref(executor), weakref.ref(iterator)
    del executor
    assert references[0]() is not None
    del iterator
    assert [one() for one in references] == [None, None]
