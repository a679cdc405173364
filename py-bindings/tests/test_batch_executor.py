"""BatchExecutor: results of a function that one thread at a time runs, for all."""

import copy
import functools
import gc
import inspect
import itertools
import os
import pickle
import random
import signal
import sys
import threading
import time
import weakref

import ft_utils
import ft_utils.local
import pytest
from ft_utils.concurrency import AtomicInt64
from ft_utils.local import BatchExecutor, LocalWrapper
from hypothesis import given
from hypothesis import strategies as st
from support import LONG, Task, Thing, collected, flat, run_python, run_threads, without_address


def counting(size, start=0):
    return BatchExecutor(itertools.count(start).__next__, size)


class Gate:
    """A source that says when it is called, and returns when it may."""

    def __init__(self, answers=None):
        self.entered = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)
        self.answers = itertools.count() if answers is None else iter(answers)
        self.inside = AtomicInt64()

    def __call__(self):
        assert self.inside.incr() == 1, "two threads in the source"
        self.entered.release()
        assert self.may_go.acquire(timeout=LONG)
        self.inside.decr()
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def wait(self):
        assert self.entered.acquire(timeout=LONG)

    def open(self, times=1):
        self.may_go.release(times)


# Making one


def test_exports():
    assert ft_utils.BatchExecutor is ft_utils.local.BatchExecutor is BatchExecutor
    assert "BatchExecutor" in ft_utils.__all__
    assert BatchExecutor.__name__ == BatchExecutor.__qualname__ == "BatchExecutor"
    assert BatchExecutor.__module__ == "ft_utils.local"
    assert pickle.loads(pickle.dumps(BatchExecutor)) is BatchExecutor
    for name, member in vars(BatchExecutor).items():
        assert name.startswith("_") or member.__doc__, name
    with pytest.raises(TypeError):
        type(iter(counting(1)))()


def test_signatures():
    assert str(inspect.signature(BatchExecutor)) == "(source, size)"
    assert str(inspect.signature(BatchExecutor.load)) == "(self, /, timeout=None)"
    for name in ("as_local", "handle"):
        assert str(inspect.signature(getattr(BatchExecutor, name))) == "(self, /)"


@pytest.mark.parametrize("size", [1, 2, 7, True, AtomicInt64(3)])
def test_constructor_forms(size):
    source = itertools.count().__next__
    for executor in (
        BatchExecutor(source, size),
        BatchExecutor(source, size=size),
        BatchExecutor(size=size, source=source),
    ):
        assert executor.source is source
        assert executor.size == int(size)
        assert executor.buffered == 0
    # The source has not been called yet.
    assert executor.load() == 0


HUGE = [2**60, 2**62, 2**62 + 1, 2**63 - 1, 2**50, 2**47]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), TypeError),
        ((int,), TypeError),
        ((int, 1, 2), TypeError),
        ((5, 1), TypeError),
        ((None, 1), TypeError),
        ((int, "5"), TypeError),
        ((int, 5.0), TypeError),
        ((int, None), TypeError),
        ((int, 0), ValueError),
        ((int, -1), ValueError),
        ((int, False), ValueError),
        ((int, 2**63), OverflowError),
        ((int, -(2**63) - 1), OverflowError),
        ((int, 10**30), OverflowError),
        *[((int, size), MemoryError) for size in HUGE],
        # The source is looked at first.
        ((5, 0), TypeError),
        ((5, 2**63), TypeError),
        (("no", 2**62), TypeError),
    ],
    ids=without_address,
)
def test_bad_arguments(args, error):
    with pytest.raises(error) as caught:
        BatchExecutor(*args)
    assert caught.type is error


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="source must be callable, not <class 'int'>"):
        BatchExecutor(5, "x")
    with pytest.raises(ValueError, match="size must be positive, not -3"):
        BatchExecutor(int, -3)
    with pytest.raises(TypeError, match="extra"):
        BatchExecutor(int, 3, extra=1)
    with pytest.raises(TypeError):
        BatchExecutor(int, 3, size=3)


def test_errors_of_the_size_pass_through():
    class Odd:
        def __index__(self):
            raise LookupError

    with pytest.raises(LookupError):
        BatchExecutor(int, Odd())


def test_large_batches_cost_nothing_yet():
    executors = [BatchExecutor(Failing(1), 2**22) for _ in range(20)]
    for executor in executors:
        with pytest.raises(LookupError):
            executor.load()


class Failing:
    """Counts, and raises LookupError for the calls whose numbers are given."""

    def __init__(self, *numbers):
        self.numbers = numbers
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls in self.numbers:
            raise LookupError(self.calls)
        return self.calls


# One thread


@pytest.mark.parametrize("size", [1, 2, 3, 64, 1000])
def test_batches_in_order(size):
    source = Failing()
    executor = BatchExecutor(source, size)
    for number in range(1, 3 * size + 1):
        assert executor.load() == number
        assert source.calls == -(-number // size) * size
        assert executor.buffered == source.calls - number


def test_results_as_they_are():
    things = [None, [], (), StopIteration, LookupError(), int, NotImplemented]
    executor = BatchExecutor(iter(things).__next__, len(things))
    assert all(executor.load() is thing for thing in things)
    assert executor.buffered == 0


def test_load_arguments():
    executor = counting(2)
    assert [executor.load(), executor.load(None), executor.load(timeout=3)] == [0, 1, 2]
    assert [executor.load(0), executor.load(1e300), executor.load(float("inf"))] == [3, 4, 5]
    for bad, error in [("1", TypeError), (-1, ValueError), (float("nan"), ValueError)]:
        with pytest.raises(error):
            executor.load(bad)
    for call in (lambda: executor.load(1, 2), lambda: executor.load(other=1)):
        with pytest.raises(TypeError):
            call()
    assert executor.load() == 6


def test_results_move_out():
    references = []

    def source():
        thing = Thing()
        references.append(weakref.ref(thing))
        return thing

    executor = BatchExecutor(source, 3)
    thing = executor.load()
    # As many as of one that was never in an executor.
    fresh = Thing()
    assert sys.getrefcount(thing) == sys.getrefcount(fresh)
    del thing
    assert [one() is None for one in references] == [True, False, False]
    executor.load(), executor.load()
    assert [one() for one in references] == [None] * 3
    executor.load()
    del executor
    assert [one() for one in references] == [None] * 6


def test_failure_loses_nothing():
    source = Failing(3, 5)
    executor = BatchExecutor(source, 4)
    with pytest.raises(LookupError, match="3"):
        executor.load()
    assert executor.buffered == 2
    assert [executor.load(), executor.load()] == [1, 2]
    with pytest.raises(LookupError, match="5"):
        executor.load()
    assert executor.load() == 4
    # Whole batches again.
    assert executor.load() == 6
    assert executor.buffered == 3
    assert source.calls == 9


@pytest.mark.parametrize("error", [KeyboardInterrupt, RecursionError, SystemExit, StopIteration])
def test_any_exception_passes_through(error):
    answers = iter([1, error("me"), 2, 3, 4])

    def source():
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    executor = BatchExecutor(source, 3)
    with pytest.raises(error, match="me"):
        executor.load()
    assert [executor.load() for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(StopIteration):
        executor.load()


def test_source_that_takes_arguments():
    executor = BatchExecutor(lambda needed: needed, 2)
    for _ in range(2):
        with pytest.raises(TypeError, match="needed"):
            executor.load()


def test_reentrant_load_fails():
    class Source:
        executor = None
        depth = 0
        errors = 0

        def __call__(self):
            self.depth += 1
            for call in (
                self.executor.load,
                self.executor.handle().load,
                iter(self.executor).__next__,
            ):
                with pytest.raises(RuntimeError, match="by the source"):
                    call()
                with pytest.raises(RuntimeError):
                    self.executor.load(timeout=0)
            assert self.executor.buffered == 0
            self.executor.source, self.executor.size, repr(self.executor)
            return self.depth

    source = Source()
    source.executor = executor = BatchExecutor(source, 3)
    assert [executor.load() for _ in range(7)] == list(range(1, 8))

    recursive = BatchExecutor(lambda: recursive.load(), 2)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="by the source"):
            recursive.load()
    nested = BatchExecutor(counting(3).load, 2)
    assert [nested.load() for _ in range(7)] == list(range(7))


def test_death_in_the_source():
    """What dies while a source runs may load from other executors."""
    heard = []
    executor = counting(2)

    def source():
        Thing(lambda: heard.append(executor.load()))
        return 0

    BatchExecutor(source, 2).load()
    assert heard == [0, 1]


def test_death_of_a_result():
    """A result that dies takes the next one, and so on, over two batches."""
    mourners = iter(range(6))
    last_will = []

    def source():
        return Thing(lambda: [will() for will in last_will if next(mourners, None) is not None])

    executor = BatchExecutor(source, 3)
    last_will.append(executor.load)
    executor.load()
    assert next(mourners, None) is None
    assert executor.buffered == 2
    last_will.clear()


@given(
    size=st.integers(1, 6),
    failures=st.lists(st.booleans(), min_size=1, max_size=20),
    loads=st.integers(0, 40),
)
def test_like_a_list(size, failures, loads):
    def fallible():
        for number, fails in enumerate(itertools.cycle(failures)):
            yield LookupError(number) if fails else number

    def source(answers):
        answer = next(answers)
        if isinstance(answer, LookupError):
            raise answer
        return answer

    def load(model, answers):
        if not model:
            for _ in range(size):
                model.append(source(answers))
        return model.pop(0)

    executor = BatchExecutor(functools.partial(source, fallible()), size)
    model, answers = [], fallible()
    for _ in range(loads):
        outcomes = []
        for call in (executor.load, lambda: load(model, answers)):
            try:
                outcomes.append(call())
            except LookupError as error:
                outcomes.append(error.args)
        assert outcomes[0] == outcomes[1]
        assert executor.buffered == len(model)


# Iteration


def test_iteration_goes_on():
    executor = counting(4)
    assert list(itertools.islice(executor, 10)) == list(range(10))
    iterator = iter(executor)
    assert iter(iterator) is iterator
    assert next(iterator) == 10
    assert executor.load() == 11


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 12])
def test_iteration_ends_with_the_source(count):
    executor = BatchExecutor(iter(range(count)).__next__, 4)
    iterator = iter(executor)
    assert list(iterator) == list(range(count))
    assert list(iterator) == []
    with pytest.raises(StopIteration):
        executor.load()


def test_iteration_raises():
    executor = BatchExecutor(Failing(2), 3)
    iterator = iter(executor)
    with pytest.raises(LookupError):
        next(iterator)
    assert list(itertools.islice(iterator, 4)) == [1, 3, 4, 5]


# As an object


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


# The collector


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


# Threads

ROUNDS = 3000


@pytest.mark.parametrize("size", [1, 2, 3, 16, 1024])
def test_each_result_once(size):
    executor = counting(size)

    def work(index):
        mine = executor.handle() if index % 2 else executor
        return [mine.load() for _ in range(ROUNDS)]

    results = run_threads(4, work)
    assert all(result == sorted(result) for result in results)
    total = 4 * ROUNDS
    produced = -(-total // size) * size
    rest = [executor.load() for _ in range(executor.buffered)]
    assert sorted(flat(results) + rest) == list(range(produced))


def test_source_that_blocks_runs_alone():
    inside, calls = AtomicInt64(), itertools.count()

    def source():
        assert inside.incr() == 1
        time.sleep(0.0001)
        assert inside.decr() == 0
        return next(calls)

    executor = BatchExecutor(source, 10)
    results = run_threads(6, lambda _: [executor.load() for _ in range(100)])
    assert sorted(flat(results)) == list(range(600))
    assert executor.buffered == 0
    assert next(calls) == 600


@pytest.mark.parametrize("size", [1, 2, 5])
def test_failures_among_threads(size):
    calls, failed, made = AtomicInt64(), AtomicInt64(), AtomicInt64()

    def source():
        number = calls.incr()
        if number % 50 == 0:
            time.sleep(0)
        if number % 7 == 0:
            failed.incr()
            raise LookupError
        return made.incr()

    executor = BatchExecutor(source, size)

    def work(_):
        results, errors = [], 0
        for _ in range(ROUNDS // 3):
            try:
                results.append(executor.load())
            except LookupError:
                errors += 1
        return results, errors

    outcomes = run_threads(4, work)
    rest = [executor.load() for _ in range(executor.buffered)]
    assert sum(errors for _, errors in outcomes) == failed
    found = sorted(flat([results for results, _ in outcomes]) + rest)
    assert found == list(range(1, made.get() + 1))


def test_waiters_get_the_rest():
    gate = Gate()
    executor = BatchExecutor(gate, 4)
    filler = Task(executor.load)
    gate.wait()
    waiters = [Task(executor.handle().load).until_asleep() for _ in range(3)]
    gate.open(4)
    assert filler.result() == 0
    assert sorted(waiter.result() for waiter in waiters) == [1, 2, 3]
    assert executor.buffered == 0


def test_waiter_fills_next():
    gate = Gate([LookupError("first"), LookupError("second"), "a", "b"])
    executor = BatchExecutor(gate, 2)
    tasks = [Task(executor.load)]
    gate.wait()
    tasks += [Task(executor.load, 1000).until_asleep() for _ in range(3)]
    gate.open(10)
    outcomes = []
    for task in tasks:
        try:
            outcomes.append(task.result())
        except LookupError as error:
            outcomes.append(str(error))
    assert outcomes[0] == "first"
    assert sorted(outcomes) == ["a", "b", "first", "second"]


def test_timeout_of_a_waiter():
    gate = Gate()
    executor = BatchExecutor(gate, 2)
    filler = Task(executor.load)
    gate.wait()
    for timeout in (0, 0.001, 0.06):
        start = time.monotonic()
        with pytest.raises(TimeoutError, match="another thread"):
            executor.load(timeout)
        assert time.monotonic() - start >= timeout - 0.0005
    waiter = Task(executor.load, 0.01)
    with pytest.raises(TimeoutError):
        waiter.result()
    gate.open(2)
    assert filler.result() == 0
    # The timeout is about waiting for others, not about the source.
    assert executor.load(0) == 1
    gate.open(2)
    assert executor.load(0) == 2


def test_source_may_use_threads():
    """A thread that the source waits for cannot be served, but it can time out."""

    def source():
        with pytest.raises(TimeoutError):
            Task(executor.load, 0.01).result()
        return 5

    executor = BatchExecutor(source, 2)
    assert executor.load() == 5


def test_source_in_c_lets_others_run():
    """Filling with a source that is not Python code holds up neither the collector nor others."""
    executor = BatchExecutor(functools.partial(random.getrandbits, 8), 300_000)
    filler = Task(executor.load)
    while executor.buffered == 0 and not filler.is_done():
        gc.collect()
    filler.result()
    assert executor.buffered == 300_000 - 1


WITH_SIGNALS = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no such signals")


def interrupt_when_asleep(armed):
    """Send SIGINT to this thread once it sleeps after armed is set."""
    main = threading.get_ident()
    stat = f"/proc/self/task/{threading.get_native_id()}/stat"

    def work():
        assert armed.wait(LONG)
        seen = 0
        while seen < 5:
            with open(stat) as file:
                seen = seen + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
            time.sleep(0.002)
        signal.pthread_kill(main, signal.SIGINT)

    return Task(work)


@WITH_SIGNALS
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.thread_unsafe(reason="sends signals")
def test_interrupt_ends_a_wait():
    gate = Gate()
    executor = BatchExecutor(gate, 2)
    filler = Task(executor.load)
    gate.wait()
    for call in (executor.load, lambda: executor.load(1000), lambda: next(iter(executor))):
        armed = threading.Event()
        interrupter = interrupt_when_asleep(armed)
        with pytest.raises(KeyboardInterrupt):
            armed.set()
            call()
        interrupter.result()
    gate.open(2)
    assert filler.result() == 0
    assert executor.load() == 1


@WITH_SIGNALS
@pytest.mark.thread_unsafe(reason="sends signals")
def test_interrupt_ends_a_source_in_c():
    class Stop(Exception):
        pass

    def handle(*_):
        raise Stop

    size = 2**24
    executor = BatchExecutor(int, size)
    before = signal.signal(signal.SIGALRM, handle)
    try:
        with pytest.raises(Stop):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            executor.load()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # What was produced until then is there.
    left = executor.buffered
    assert left < size - 1
    assert [executor.load() for _ in range(left)] == [0] * left


@WITH_SIGNALS
@pytest.mark.thread_unsafe(reason="sends signals")
def test_storm_of_signals_loses_nothing():
    """Loads that signals end leave every result to others, or have none."""
    made, failed = itertools.count(), 0

    def source():
        return next(made)

    class Stop(BaseException):
        pass

    armed = False

    def handle(_number, frame):
        # Not between the return of load() and the append.
        if armed and frame.f_code is source.__code__:
            raise Stop

    executor, got, main = BatchExecutor(source, 5), [], threading.get_ident()
    calm = threading.Event()

    def blow():
        while not calm.wait(0.0003):
            signal.pthread_kill(main, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handle)
    other = Task(lambda: [executor.load() for _ in range(ROUNDS)])
    storm = Task(blow)
    armed = True
    try:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            try:
                got.append(executor.load())
            except Stop:
                failed += 1
    finally:
        armed = False
        calm.set()
        storm.result()
        signal.signal(signal.SIGUSR1, before)
    found = got + other.result() + [executor.load() for _ in range(executor.buffered)]
    missing = set(range(next(made))) - set(found)
    assert len(found) == len(set(found))
    # A signal in the source itself may come after next(), and then takes that number with it.
    assert len(missing) <= failed


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


def test_exit_with_waiting_threads():
    run_python(
        """
import threading
from ft_utils.local import BatchExecutor
entered = threading.Event()
def source():
    entered.set()
    threading.Event().wait()
executor = BatchExecutor(source, 3)
for _ in range(4):
    threading.Thread(target=executor.load, daemon=True).start()
entered.wait()
"""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork():
    out = run_python(
        """
import itertools, os, threading, warnings
from ft_utils.local import BatchExecutor
warnings.simplefilter("ignore")
mine = BatchExecutor(itertools.count().__next__, 3)
mine.load()
stop = threading.Event()
def busy():
    own = BatchExecutor(int, 2)
    while not stop.is_set():
        own.load()
thread = threading.Thread(target=busy)
thread.start()
pid = os.fork()
if not pid:
    assert [mine.load() for _ in range(4)] == [1, 2, 3, 4]
    new = BatchExecutor(itertools.count().__next__, 2)
    work = threading.Thread(target=new.load)
    work.start()
    work.join()
    os._exit(0 if new.load() == 1 else 1)
_, status = os.waitpid(pid, 0)
stop.set()
thread.join()
print(status, mine.load())
"""
    )
    assert out == "0 1\n"
