"""BatchExecutor: reference counts, and what the garbage collector does with it."""

import gc
import sys
import threading
import weakref

import pytest
from ft_utils.local import BatchExecutor
from helpers.objects import Thing, collected
from helpers.threads import Task


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle_through_the_source():
    class Source:
        def __call__(self):
            return 1

    for through_handle in (False, True):
        source = Source()
        executor = BatchExecutor(source, 2)
        source.executor = executor.handle() if through_handle else executor
        reference = weakref.ref(source)
        del executor, source
        assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
@pytest.mark.parametrize("through", ["source", "results"])
def test_cycle_that_only_clearing_breaks(through):
    """Neither a tuple nor its method can be cleared; and a weak reference would die too early."""
    witness = object()
    before = sys.getrefcount(witness)
    executor = BatchExecutor.__new__(BatchExecutor)
    if through == "source":
        executor.__init__((executor, witness).__len__, 2)
    else:
        reference = weakref.ref(executor)
        executor.__init__(lambda: (reference(), witness), 3)
        executor.load()
    assert sys.getrefcount(witness) > before
    del executor
    for _ in range(3):
        gc.collect()
    assert sys.getrefcount(witness) == before


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle_through_results():
    for use in (lambda e: e, BatchExecutor.handle, iter, BatchExecutor.as_local):
        holder = []
        executor = BatchExecutor(lambda holder=holder: [holder], 3)
        executor.load()
        thing = Thing()
        holder += [use(executor), thing]
        reference = weakref.ref(thing)
        del executor, thing, holder
        assert collected(reference)


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_results_live_through_the_collector():
    executor = BatchExecutor(lambda: [Thing()], 50)
    handles = [executor.handle() for _ in range(3)]
    gc.collect()
    executor.load()
    gc.collect()
    assert gc.is_tracked(executor)
    assert len([one for one in gc.get_referents(executor) if type(one) is list]) == 49
    assert not [one for one in gc.get_referents(handles[0]) if type(one) is list]
    for handle in handles:
        gc.collect()
        assert type(handle.load()[0]) is Thing
    # In a batch that is being made, too.
    executor = BatchExecutor(lambda: [Thing(), gc.collect()], 20)
    assert all(type(executor.load()[0]) is Thing for _ in range(20))


@pytest.mark.thread_unsafe(reason="counts references")
def test_reference_counts_stay():
    item = object()

    def work():
        executor = BatchExecutor(lambda: item, 7)
        for _ in range(10):
            executor.load()
        failing = BatchExecutor(iter([item] * 5).__next__, 7)
        with pytest.raises(StopIteration):
            failing.load()
        failing.load()
        assert list(failing.handle()) == [item] * 4

    work()
    before = sys.getrefcount(item)
    for _ in range(50):
        work()
    assert sys.getrefcount(item) == before


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    holder = []
    executor = BatchExecutor(lambda holder=holder: [Thing(), holder], 7)
    holder.append(executor)
    stop = threading.Event()

    def work(mine):
        while not stop.is_set():
            assert len(mine.load()) == 2

    tasks = [Task(work, executor.handle()) for _ in range(3)]
    try:
        for _ in range(40):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    executor.load(), executor.load()
    thing, reference = weakref.ref(executor.load()[0]), weakref.ref(executor)
    del executor, tasks, task, holder
    assert thing() is None
    assert collected(reference)
