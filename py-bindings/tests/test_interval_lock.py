"""IntervalLock: a fair lock whose holder lets others in now and then."""

import copy
import gc
import inspect
import math
import os
import pickle
import sys
import threading
import time
import weakref
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import ft_utils
import pytest
from ft_utils import synchronization
from ft_utils.concurrency import AtomicInt64
from ft_utils.synchronization import IntervalLock
from support import LONG, Task, collected, run_python, run_threads, wait_until

NEVER = 1000.0

POSIX = pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")

HEAD = """
import faulthandler, os, signal, threading, time
from ft_utils.synchronization import IntervalLock
faulthandler.dump_traceback_later(40, exit=True)
def held(*args):
    '''A lock that a thread has until stop is set.'''
    lock, has, stop = IntervalLock(*args), threading.Event(), threading.Event()
    def hold():
        with lock:
            has.set()
            stop.wait()
    threading.Thread(target=hold, daemon=True).start()
    has.wait()
    return lock, stop
def interrupt_when(condition, number=signal.SIGINT):
    def work():
        while not condition():
            time.sleep(0.001)
        os.kill(os.getpid(), number)
    threading.Thread(target=work, daemon=True).start()
"""


class Mine(IntervalLock):
    pass


def take(lock, then=lambda: None):
    """Take the lock, call then, and give the lock up."""
    with lock:
        return then()


def waiting(lock, call, *args):
    """Call in a thread that waits for the lock."""
    before = lock.waiters
    task = Task(call, *args)
    wait_until(lambda: lock.waiters == before + 1)
    return task


def in_thread(call, *args):
    return Task(call, *args).result()


# Making one


class Float:
    def __float__(self):
        return 0.25


class Index:
    def __index__(self):
        return 2


@pytest.mark.parametrize(
    ("given", "interval"),
    [
        (0.005, 0.005),
        (0.2, 0.2),
        (3, 3.0),
        (True, 1.0),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (Float(), 0.25),
        (Index(), 2.0),
        (0, 0.0),
        (0.0, 0.0),
        (-0.0, 0.0),
        (9.9e-7, 0.0),
        (5e-324, 0.0),
        (1.9e-6, 1e-6),
        (math.inf, math.inf),
        (9.3e12, 9.3e12),
        (1e300, math.inf),
        (10**300, math.inf),
    ],
)
def test_intervals(given, interval):
    assert IntervalLock(given).interval == interval
    lock = IntervalLock(interval=given)
    assert lock.interval == interval
    lock.interval = 7
    assert lock.interval == 7.0
    lock.interval = given
    assert lock.interval == interval


def test_default_interval():
    assert IntervalLock().interval == 0.005
    assert inspect.signature(IntervalLock).parameters["interval"].default == 0.005


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (-1, ValueError),
        (-1e-9, ValueError),
        (-math.inf, ValueError),
        (math.nan, ValueError),
        ("1", TypeError),
        (None, TypeError),
        ([], TypeError),
        (1j, TypeError),
        (10**400, OverflowError),
    ],
)
def test_bad_intervals(given, error):
    with pytest.raises(error):
        IntervalLock(given)
    lock = IntervalLock(0.25)
    with pytest.raises(error):
        lock.interval = given
    assert lock.interval == 0.25


def test_interval_is_not_deleted():
    with pytest.raises((AttributeError, TypeError)):
        del IntervalLock().interval


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((1, 2), {}), ((), {"foo": 1}), ((1,), {"interval": 1}), ((1,), {"foo": 1})],
)
def test_bad_arguments(args, kwargs):
    with pytest.raises(TypeError):
        IntervalLock(*args, **kwargs)


def test_init_again_changes_the_interval():
    lock = IntervalLock(1)
    lock.lock()
    lock.__init__(2)
    assert lock.locked()
    assert lock.interval == 2.0
    lock.unlock()


def test_new_without_init():
    lock = IntervalLock.__new__(IntervalLock)
    assert lock.interval == 0.0
    with lock:
        assert lock.locked()


# One thread


def test_what_methods_return():
    lock = IntervalLock()
    assert lock.locked() is False
    assert lock.lock() is None
    assert lock.locked() is True
    assert lock.poll() is None
    assert lock.cede() is None
    assert lock.unlock() is None
    assert lock.acquire() is True
    assert lock.release() is None
    assert lock.__enter__() is lock
    assert lock.__exit__(None, None, None) is None
    assert lock.waiters == 0
    assert not lock.locked()


def test_methods_without_arguments():
    lock = IntervalLock()
    lock.lock()
    for name in ("lock", "unlock", "locked", "cede", "poll", "__enter__", "handle", "release"):
        with pytest.raises(TypeError):
            getattr(lock, name)(1)
        with pytest.raises(TypeError):
            getattr(lock, name)(foo=1)
    lock.unlock()


def test_owner_does_not_wait_for_itself():
    lock = IntervalLock()
    lock.lock()
    for call in (
        lock.lock,
        lock.acquire,
        lambda: lock.acquire(True, 1),
        lock.__enter__,
        lock.handle().lock,
    ):
        with pytest.raises(RuntimeError):
            call()
        assert lock.locked()
    # Nobody waits, so nobody waits for itself.
    assert lock.acquire(False) is False
    assert lock.acquire(timeout=0) is False
    lock.unlock()


@pytest.mark.parametrize("interval", [0, NEVER, math.inf])
def test_only_the_owner(interval):
    lock = IntervalLock(interval)
    calls = (lock.unlock, lock.release, lock.cede, lock.poll, lambda: lock.__exit__(None))

    def refused():
        for call in calls:
            with pytest.raises(RuntimeError):
                call()
        assert not lock._is_owned()

    # Never locked.
    refused()
    lock.lock()
    # Locked by another thread.
    in_thread(refused)
    assert lock.locked()
    assert lock._is_owned()
    lock.unlock()
    # Already unlocked.
    refused()
    assert not lock.locked()


def test_with_statement():
    lock = IntervalLock()
    with lock as entered:
        assert entered is lock
        assert lock.locked()
    assert not lock.locked()
    with pytest.raises(LookupError), lock:
        raise LookupError
    assert not lock.locked()
    with pytest.raises(RuntimeError), lock:
        lock.unlock()
    lock.lock()
    assert lock.__exit__() is None
    lock.lock()
    assert lock.__exit__(1, 2, 3, 4) is None


def test_exception_of_the_body_comes_first():
    lock = IntervalLock()
    with pytest.raises(LookupError), lock:
        lock.unlock()
        raise LookupError


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        ((False, 1), {}, ValueError),
        ((False,), {"timeout": 0}, ValueError),
        ((), {"timeout": -2}, ValueError),
        ((), {"timeout": -0.5}, ValueError),
        ((), {"timeout": math.nan}, ValueError),
        ((), {"timeout": math.inf}, OverflowError),
        ((), {"timeout": threading.TIMEOUT_MAX * 2}, OverflowError),
        ((), {"timeout": 10**400}, OverflowError),
        ((), {"timeout": "1"}, TypeError),
        ((True, 1, 2), {}, TypeError),
        ((), {"foo": 1}, TypeError),
    ],
)
def test_bad_acquire(args, kwargs, error):
    lock = IntervalLock()
    with pytest.raises(error):
        lock.acquire(*args, **kwargs)
    assert not lock.locked()


def test_acquire_forms():
    lock = IntervalLock()
    for args, kwargs in [
        ((), {}),
        ((True,), {}),
        ((False,), {}),
        ((1,), {}),
        (("",), {}),
        ((True, -1), {}),
        ((True, -1.0), {}),
        ((False, -1), {}),
        ((True, None), {}),
        ((), {"blocking": True, "timeout": 5}),
        ((), {"timeout": 0}),
        ((), {"timeout": 1e-9}),
        ((), {"timeout": threading.TIMEOUT_MAX}),
    ]:
        assert lock.acquire(*args, **kwargs) is True
        lock.release()
    parameters = inspect.signature(lock.acquire).parameters
    assert [(p.name, p.default) for p in parameters.values()] == [
        ("blocking", True),
        ("timeout", -1),
    ]


def test_acquire_gives_up():
    lock = IntervalLock()
    lock.lock()
    assert in_thread(lock.acquire, False) is False
    assert in_thread(lock.acquire, True, 0) is False
    start = time.monotonic()
    assert in_thread(lock.acquire, True, 0.03) is False
    assert time.monotonic() - start >= 0.03
    assert lock.waiters == 0
    assert lock.locked()
    lock.unlock()
    assert in_thread(lambda: lock.acquire(timeout=LONG) and lock.release()) is None


# Handing over


def test_cede_lets_all_others_in():
    lock, order = IntervalLock(NEVER), []
    lock.lock()
    tasks = [waiting(lock, take, lock, lambda n=n: order.append(n)) for n in range(5)]
    assert lock.waiters == 5
    assert lock.cede() is None
    # In the order in which they came, all before us.
    assert order == [0, 1, 2, 3, 4]
    assert lock._is_owned()
    assert lock.waiters == 0
    lock.unlock()
    for task in tasks:
        task.result()


def test_unlock_and_lock_does_not_overtake():
    lock, order = IntervalLock(), []
    lock.lock()
    tasks = [waiting(lock, take, lock, lambda n=n: order.append(n)) for n in range(3)]
    lock.unlock()
    lock.lock()
    assert order == [0, 1, 2]
    lock.unlock()
    for task in tasks:
        task.result()


@pytest.mark.parametrize("interval", [NEVER, math.inf, 1e300])
def test_poll_before_the_interval(interval):
    lock = IntervalLock(interval)
    lock.lock()
    task = waiting(lock, take, lock)
    for _ in range(1000):
        lock.poll()
    assert lock.waiters == 1
    # A new interval holds at once.
    lock.interval = 0
    assert lock.poll() is None
    assert lock.waiters == 0
    lock.unlock()
    task.result()


def test_poll_after_the_interval():
    lock, times = IntervalLock(0.05), []
    start = time.monotonic()
    lock.lock()
    task = waiting(lock, take, lock, lambda: times.append(time.monotonic()))
    while not times:
        assert lock.waiters == 1
        lock.poll()
    assert times[0] - start >= 0.05
    lock.unlock()
    task.result()


def test_time_counts_from_taking_the_lock():
    lock = IntervalLock(0.02)
    lock.lock()
    time.sleep(0.03)
    task = waiting(lock, take, lock)
    lock.poll()
    assert lock.waiters == 0
    lock.unlock()
    task.result()


def test_cede_restarts_the_interval():
    lock = IntervalLock(NEVER)
    lock.lock()
    task = waiting(lock, take, lock)
    lock.cede()
    task.result()
    other = waiting(lock, take, lock)
    lock.poll()
    assert lock.waiters == 1
    lock.unlock()
    other.result()


def test_polls_take_turns():
    lock, turns = IntervalLock(0), []

    def work(index):
        with lock:
            # Until the other one has come as well, and has not gone.
            while len(set(turns)) < 2 or len(turns) < 50:
                turns.append(index)
                lock.poll()

    run_threads(2, work)
    both = turns[turns.index(1 - turns[0]) :]
    # Nobody has two turns while the other one waits.
    assert all(one != other for one, other in pairwise(both))


def test_waiter_that_gives_up_keeps_nobody_waiting():
    lock = IntervalLock()
    lock.lock()
    gives_up = waiting(lock, lock.acquire, True, 0.1)
    stays = Task(take, lock)
    # Mostly both wait. On a slow machine the first may be gone by now.
    wait_until(lambda: lock.waiters == 2 or gives_up.is_done())
    assert gives_up.result() is False
    wait_until(lambda: lock.waiters == 1)
    lock.unlock()
    stays.result()
    assert not lock.locked()


# Threads


def test_mutual_exclusion():
    lock, counts = IntervalLock(1e-5), [0]

    def work(index):
        mine = lock.handle() if index % 2 else lock
        done = 0
        for n in range(400):
            if (n + index) % 3 == 0:
                if not mine.acquire(timeout=0.0001):
                    continue
            else:
                mine.lock()
            before = counts[0]
            (mine.poll if n % 2 else mine.locked)()
            # Others may have had it in between.
            assert counts[0] >= before
            counts[0] += 1
            done += 1
            mine.unlock()
        return done

    assert sum(run_threads(4, work)) == counts[0]
    assert not lock.locked()
    assert lock.waiters == 0


def test_owner_that_ended():
    lock = IntervalLock()
    in_thread(lock.lock)
    assert lock.locked()
    for _ in range(30):
        # A new thread, perhaps with the identity of the one that ended.
        with pytest.raises(RuntimeError):
            in_thread(lock.unlock)
    assert lock.acquire(timeout=0.01) is False


def test_foreign_handles_share_the_owner():
    lock = IntervalLock(0.25)
    other = lock.handle()
    assert other is not lock
    assert type(other) is IntervalLock
    lock.lock()
    assert other.locked()
    assert other._is_owned()
    other.interval = 0.5
    assert lock.interval == 0.5
    other.unlock()
    assert not lock.locked()


def test_in_a_condition():
    lock = IntervalLock()
    condition, items = threading.Condition(lock), []

    def consume(n):
        got = []
        while len(got) < n:
            with condition:
                assert condition.wait_for(lambda: items, LONG)
                got.append(items.pop())
        return got

    tasks = [Task(consume, 50) for _ in range(2)]
    for n in range(100):
        with condition:
            items.append(n)
            condition.notify()
    assert sorted(tasks[0].result() + tasks[1].result()) == list(range(100))
    with pytest.raises(RuntimeError):
        condition.notify()
    with pytest.raises(RuntimeError):
        condition.wait()
    with condition:
        assert condition.wait(0.001) is False
        assert lock._is_owned()


def test_in_a_semaphore_and_an_executor():
    lock, total = IntervalLock(), AtomicInt64()
    run_threads(3, lambda _: [take(lock, total.incr) for _ in range(200)])
    assert total == 600


# Signals


@POSIX
@pytest.mark.parametrize(
    "call",
    ["lock.lock()", "lock.acquire()", "lock.acquire(timeout=1000)", "lock.__enter__()"],
)
def test_interrupt_ends_a_wait(call):
    out = run_python(
        f"""{HEAD}
lock, stop = held()
interrupt_when(lambda: lock.waiters == 1)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", lock._is_owned(), lock.waiters)
stop.set()
print(lock.acquire(timeout=30))
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted False 0\nTrue\n"


@POSIX
@pytest.mark.parametrize("call", ["cede", "poll"])
def test_interrupt_ends_a_cede(call):
    out = run_python(
        f"""{HEAD}
lock, has, stop = IntervalLock(0), threading.Event(), threading.Event()
def hold():
    with lock:
        has.set()
        stop.wait()
thread = threading.Thread(target=hold, daemon=True)
try:
    with lock:
        thread.start()
        while not lock.waiters:
            pass
        interrupt_when(lambda: has.is_set() and lock.waiters == 1)
        lock.{call}()
except KeyboardInterrupt as error:
    print("interrupted", lock._is_owned(), error.__context__)
stop.set()
print(lock.acquire(timeout=30))
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted False None\nTrue\n"


@POSIX
def test_handler_runs_during_a_wait():
    out = run_python(
        f"""{HEAD}
lock, stop = held()
def handle(*_):
    print("handled", lock._is_owned(), lock.waiters)
    stop.set()
signal.signal(signal.SIGUSR1, handle)
interrupt_when(lambda: lock.waiters == 1, signal.SIGUSR1)
lock.lock()
print(lock._is_owned())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "handled False 1\nTrue\n"


@POSIX
def test_handler_that_uses_the_lock():
    out = run_python(
        f"""{HEAD}
lock, stop = held()
def handle(*_):
    # Lines up a second time, and gives up.
    print(lock.acquire(timeout=0.01), lock.acquire(False))
    stop.set()
signal.signal(signal.SIGUSR1, handle)
interrupt_when(lambda: lock.waiters == 1, signal.SIGUSR1)
lock.lock()
print(lock._is_owned(), lock.waiters)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "False False\nTrue 0\n"


# The life of a process


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork():
    out = run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
lock, stop = held()
ours = IntervalLock()
ours.lock()
for n in (1, 2):
    threading.Thread(target=ours.lock, daemon=True).start()
    while ours.waiters < n:
        time.sleep(0.001)
def child():
    signal.alarm(15)
    # Those who wait are in the parent.
    assert ours._is_owned() and ours.waiters == 0
    ours.poll()
    ours.cede()
    ours.unlock()
    assert not ours.locked()
    thread = threading.Thread(target=lambda: ours.acquire() and ours.release())
    with ours:
        thread.start()
        while not ours.waiters:
            time.sleep(0.001)
        ours.cede()
        assert not ours.waiters
    thread.join()
    # This one was another thread's.
    assert lock.acquire(timeout=0.01) is False
    with IntervalLock() as new:
        new.poll()
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            import sys
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
assert ours.waiters == 2
print("done")
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_while_threads_work():
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
shared = IntervalLock(0)
def work():
    while True:
        with shared:
            shared.poll()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(20):
    with shared:
        pid = os.fork()
        if pid == 0:
            signal.alarm(15)
            shared.poll()
            shared.unlock()
            for _ in range(10):
                with shared:
                    shared.cede()
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
faulthandler.cancel_dump_traceback_later()
"""
    )


@pytest.mark.parametrize("call", ["lock", "acquire", "__enter__"])
def test_exit_while_threads_wait(call):
    run_python(
        f"""{HEAD}
lock, stop = held()
for n in (1, 2, 3):
    threading.Thread(target=lock.{call}, daemon=True).start()
    while lock.waiters < n:
        time.sleep(0.001)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    run_python(
        f"""{HEAD}
lock, turns = IntervalLock(0), []
def work():
    while True:
        with lock:
            lock.poll()
            turns.append(1)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
while len(turns) < 1000:
    time.sleep(0.001)
faulthandler.cancel_dump_traceback_later()
"""
    )


# As an object


def test_names():
    assert synchronization.IntervalLock is ft_utils.IntervalLock is IntervalLock
    assert IntervalLock.__module__ == "ft_utils.synchronization"
    assert IntervalLock.__qualname__ == "IntervalLock"
    assert set(synchronization.__all__) == {
        "IntervalLock",
        "RWLock",
        "RWReadContext",
        "RWWriteContext",
    }
    assert set(synchronization.__all__) <= set(ft_utils.__all__)
    for name in dir(IntervalLock):
        method = getattr(IntervalLock, name)
        if not name.startswith("_"):
            assert inspect.getdoc(method)
            assert not callable(method) or inspect.signature(method) is not None


def test_repr():
    lock = IntervalLock(0.25)
    assert repr(lock).startswith("<unlocked IntervalLock object at 0x")
    assert repr(lock).endswith(", interval 0.25 s>")
    with Mine() as mine:
        assert repr(mine).startswith("<locked Mine object at 0x")
        task = waiting(mine, take, mine)
        assert repr(mine).endswith(", interval 0.005 s, 1 waiting>")
    task.result()


def test_identity():
    lock, other = IntervalLock(), IntervalLock()
    assert lock == lock
    assert lock != other
    assert lock != lock.handle()
    assert len({lock, other, lock}) == 2
    assert lock
    with pytest.raises(AttributeError):
        lock.new_attribute = 1


def test_no_copies():
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="handle"):
            call(IntervalLock())


def test_subclass():
    class Named(IntervalLock):
        def __init__(self, name, *, interval=1):
            super().__init__(interval)
            self.name = name

    lock = Named("n", interval=2)
    assert (lock.name, lock.interval) == ("n", 2.0)
    with lock as entered:
        assert entered is lock


def test_weak_reference():
    lock = IntervalLock()
    reference = weakref.ref(lock)
    assert reference() is lock
    lock.lock()
    # Though it is locked.
    del lock
    assert reference() is None


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_cycle():
    lock = Mine()
    lock.itself = [lock]
    reference = weakref.ref(lock)
    del lock
    assert collected(reference)


def test_lock_dies_while_others_wait_for_its_handle():
    lock = IntervalLock()
    lock.lock()
    other = lock.handle()
    task = waiting(other, take, other)
    del lock
    gc.collect()
    other.unlock()
    task.result()


def test_references_are_balanced():
    lock = IntervalLock()
    before = sys.getrefcount(lock)
    for _ in range(100):
        with lock:
            lock.poll()
        lock.acquire(timeout=1)
        lock.release()
    assert sys.getrefcount(lock) == before
