"""RWLock and its contexts: many readers or one writer."""

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
from contextlib import ExitStack

import ft_utils
import pytest
from ft_utils import synchronization
from ft_utils.concurrency import AtomicInt64
from ft_utils.local import LocalWrapper
from ft_utils.synchronization import RWLock, RWReadContext, RWWriteContext
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from support import LONG, Task, collected, run_python, run_threads, wait_until

POSIX = pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
CONTEXTS = pytest.mark.parametrize("context", [RWReadContext, RWWriteContext])
# How to take the lock, and to give it up.
READ = (RWLock.lock_read, RWLock.unlock_read)
WRITE = (RWLock.lock_write, RWLock.unlock_write)
BOTH = pytest.mark.parametrize(("take", "give"), [READ, WRITE], ids=["read", "write"])

HEAD = """
import faulthandler, os, signal, threading, time
from ft_utils.synchronization import *
faulthandler.dump_traceback_later(40, exit=True)
def held(context):
    '''A lock that a thread has until stop is set.'''
    lock, has, stop = RWLock(), threading.Event(), threading.Event()
    def hold():
        with context(lock):
            has.set()
            stop.wait()
    threading.Thread(target=hold, daemon=True).start()
    has.wait()
    return lock, stop
def until_asleep(id=threading.get_native_id()):
    '''Returns when the thread waits; where the system does not tell, probably.'''
    seen = 0
    while seen < 5:
        try:
            with open(f"/proc/self/task/{id}/stat") as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:
            return time.sleep(0.3)
        seen = seen + 1 if state == "S" else 0
        time.sleep(0.002)
def interrupt(number=signal.SIGINT):
    def work():
        until_asleep()
        os.kill(os.getpid(), number)
    threading.Thread(target=work, daemon=True).start()
"""


class Mine(RWLock):
    pass


def state(lock):
    return lock.readers(), lock.writers_waiting(), lock.writer_locked()


def in_thread(call, *args):
    return Task(call, *args).result()


def do(context, then=lambda: None):
    with context:
        return then()


def writer_waits(lock, then=lambda: None):
    """Write in a thread that has to wait."""
    before = lock.writers_waiting()
    task = Task(do, lock.write(), then)
    wait_until(lambda: lock.writers_waiting() == before + 1)
    return task


# Making one


@pytest.mark.parametrize(("args", "kwargs"), [((1,), {}), ((None,), {}), ((), {"foo": 1})])
def test_no_arguments(args, kwargs):
    with pytest.raises(TypeError):
        RWLock(*args, **kwargs)


def test_new_without_init():
    lock = RWLock.__new__(RWLock)
    with lock.read():
        assert state(lock) == (1, 0, False)


# One thread


def test_what_methods_return():
    lock = RWLock()
    assert state(lock) == (0, 0, False)
    assert lock.lock_read() is None
    assert state(lock) == (1, 0, False)
    assert lock.unlock_read() is None
    assert lock.lock_write() is None
    assert state(lock) == (0, 0, True)
    assert lock.downgrade() is None
    assert state(lock) == (1, 0, False)
    assert lock.release_read() is None
    assert lock.acquire_write() is True
    assert lock.release_write() is None
    assert lock.acquire_read() is True
    assert lock.unlock_read() is None
    assert state(lock) == (0, 0, False)
    assert type(lock.readers()) is type(lock.writers_waiting()) is int
    assert type(lock.writer_locked()) is bool


def test_methods_without_arguments():
    lock = RWLock()
    for name in dir(RWLock):
        if name.startswith("_") or name.startswith("acquire"):
            continue
        with pytest.raises(TypeError):
            getattr(lock, name)(1)
        with pytest.raises(TypeError):
            getattr(lock, name)(foo=1)
    assert state(lock) == (0, 0, False)


def test_no_lock_of_its_own():
    lock = RWLock()
    assert not hasattr(lock, "lock")
    assert not hasattr(lock, "locked")
    assert not hasattr(lock, "acquire")
    with pytest.raises(TypeError), lock:
        pass


def test_reading_nests():
    lock = RWLock()
    for n in range(1, 101):
        lock.lock_read()
        assert lock.readers() == n
    for n in reversed(range(100)):
        lock.unlock_read()
        assert lock.readers() == n
    with pytest.raises(RuntimeError):
        lock.unlock_read()


def test_nothing_to_give_up():
    lock = RWLock()
    for give in (
        lock.unlock_read,
        lock.unlock_write,
        lock.release_read,
        lock.release_write,
        lock.downgrade,
        lambda: lock.read().__exit__(None, None, None),
        lambda: lock.write().__exit__(None, None, None),
    ):
        with pytest.raises(RuntimeError):
            give()
        assert state(lock) == (0, 0, False)
    # The next reader counts, and keeps a writer out.
    lock.lock_read()
    assert in_thread(lock.acquire_write, False) is False
    lock.unlock_read()


def test_of_another_thread():
    lock = RWLock()

    def refused():
        for give in (lock.unlock_read, lock.unlock_write, lock.downgrade):
            with pytest.raises(RuntimeError):
                give()

    lock.lock_write()
    in_thread(refused)
    assert state(lock) == (0, 0, True)
    lock.downgrade()
    in_thread(refused)
    assert state(lock) == (1, 0, False)

    def reads_too():
        with lock.read():
            # One each.
            lock.unlock_read()
            with pytest.raises(RuntimeError):
                lock.unlock_read()
            lock.lock_read()

    in_thread(reads_too)
    assert state(lock) == (1, 0, False)
    lock.unlock_read()


def test_the_wrong_kind():
    lock = RWLock()
    with lock.read():
        with pytest.raises(RuntimeError):
            lock.unlock_write()
        with pytest.raises(RuntimeError):
            lock.downgrade()
    with lock.write(), pytest.raises(RuntimeError):
        lock.unlock_read()
    assert state(lock) == (0, 0, False)


def test_thread_does_not_wait_for_itself():
    lock = RWLock()
    other = lock.handle()
    reads = (lock.lock_read, lock.acquire_read, lambda: lock.acquire_read(timeout=9))
    writes = (lock.lock_write, lock.acquire_write, other.lock_write, lock.write().__enter__)
    with lock.write():
        for call in reads + writes:
            with pytest.raises(RuntimeError):
                call()
        # These wait for nobody.
        assert lock.acquire_read(False) is False
        assert lock.acquire_write(timeout=0) is False
        assert state(lock) == (0, 0, True)
    with lock.read():
        for call in writes:
            with pytest.raises(RuntimeError):
                call()
        assert lock.acquire_write(False) is False
        assert state(lock) == (1, 0, False)


def test_two_locks_do_not_mix():
    one, two = RWLock(), RWLock()
    one.lock_read()
    with pytest.raises(RuntimeError):
        two.unlock_read()
    two.lock_write()
    two.unlock_write()
    one.unlock_read()
    with one.write(), two.write(), pytest.raises(RuntimeError):
        one.lock_read()


def test_many_locks_in_any_order():
    locks = [RWLock() for _ in range(60)]
    for lock in locks * 2:
        lock.lock_read()
    for lock in locks[::2] + locks[::-1] + locks[1::2]:
        lock.unlock_read()
    for lock in locks:
        assert state(lock) == (0, 0, False)
        with pytest.raises(RuntimeError):
            lock.unlock_read()


def test_locks_that_die_while_held():
    for _ in range(200):
        lock = RWLock()
        lock.lock_read()
        lock.lock_read()
    for _ in range(200):
        lock = RWLock()
        lock.lock_write()
    lock = RWLock()
    with pytest.raises(RuntimeError):
        lock.unlock_read()
    in_thread(lock.lock_read)
    assert lock.readers() == 1


@pytest.mark.parametrize("name", ["acquire_read", "acquire_write"])
def test_acquire_arguments(name):
    lock = RWLock()
    acquire = getattr(lock, name)
    release = getattr(lock, name.replace("acquire", "release"))
    for args, kwargs in [
        ((), {}),
        ((True,), {}),
        ((False,), {}),
        ((1,), {}),
        (("",), {}),
        ((True, -1), {}),
        ((False, -1), {}),
        ((True, None), {}),
        ((), {"blocking": True, "timeout": 5}),
        ((), {"timeout": 0}),
        ((), {"timeout": 1e-9}),
        ((), {"timeout": threading.TIMEOUT_MAX}),
    ]:
        assert acquire(*args, **kwargs) is True
        release()
    for args, kwargs, error in [
        ((False, 1), {}, ValueError),
        ((), {"timeout": -2}, ValueError),
        ((), {"timeout": math.nan}, ValueError),
        ((), {"timeout": math.inf}, OverflowError),
        ((), {"timeout": "1"}, TypeError),
        ((1, 2, 3), {}, TypeError),
        ((), {"foo": 1}, TypeError),
    ]:
        with pytest.raises(error):
            acquire(*args, **kwargs)
        assert state(lock) == (0, 0, False)
    parameters = inspect.signature(acquire).parameters
    assert [(p.name, p.default) for p in parameters.values()] == [
        ("blocking", True),
        ("timeout", -1),
    ]


def test_acquire_gives_up():
    lock = RWLock()
    start = time.monotonic()
    with lock.write():
        assert in_thread(lock.acquire_read, False) is False
        assert in_thread(lock.acquire_write, False) is False
        assert in_thread(lock.acquire_read, True, 0.02) is False
        assert in_thread(lock.acquire_write, True, 0.02) is False
    assert time.monotonic() - start >= 0.04
    with lock.read():
        assert in_thread(lock.acquire_write, True, 0.02) is False
        assert in_thread(lock.acquire_read, True, 0.02) is True
    # That thread has ended without giving up its reading.
    assert state(lock) == (1, 0, False)


# Contexts


@CONTEXTS
def test_context_arguments(context):
    lock = RWLock()
    for made in (context(lock), context(lock=lock), context(Mine())):
        with made:
            pass
    for args, kwargs in [
        ((), {}),
        ((None,), {}),
        ((1,), {}),
        ((RWLock,), {}),
        ((threading.Lock(),), {}),
        ((LocalWrapper(lock),), {}),
        ((lock, lock), {}),
        ((lock,), {"foo": 1}),
        ((lock,), {"lock": lock}),
    ]:
        with pytest.raises(TypeError):
            context(*args, **kwargs)


@CONTEXTS
def test_context_without_init(context):
    empty = context.__new__(context)
    for call in (empty.__enter__, empty.__exit__, lambda: empty.__exit__(None, None, None)):
        with pytest.raises(RuntimeError):
            call()
    assert "not initialized" in repr(empty)
    gc.collect()
    # It is never too late.
    lock = RWLock()
    empty.__init__(lock)
    with empty as entered:
        assert entered is lock


@CONTEXTS
def test_context_keeps_its_lock(context):
    lock, other = RWLock(), RWLock()
    before = sys.getrefcount(other)
    made = context(lock)
    made.__init__(lock)
    for _ in range(10):
        with pytest.raises(RuntimeError):
            made.__init__(other)
    assert sys.getrefcount(other) == before
    with made as entered:
        assert entered is lock


@CONTEXTS
def test_context_in_use(context):
    lock = RWLock()
    made = context(lock)
    locked = (1, 0, False) if context is RWReadContext else (0, 0, True)
    for _ in range(3):
        with made as entered:
            assert entered is lock
            assert state(lock) == locked
    with pytest.raises(LookupError), made:
        raise LookupError
    assert state(lock) == (0, 0, False)
    made.__enter__()
    assert made.__exit__() is None
    made.__enter__()
    assert made.__exit__(1, 2, 3, 4) is None
    with pytest.raises(RuntimeError):
        made.__exit__(None, None, None)
    with pytest.raises(TypeError):
        made.__enter__(1)
    assert state(lock) == (0, 0, False)


def test_read_context_nests():
    lock = RWLock()
    made = RWReadContext(lock)
    with made, made, lock.read():
        assert lock.readers() == 3
    assert lock.readers() == 0


def test_downgrade_in_a_context():
    lock = RWLock()
    with lock.write() as entered:
        assert entered is lock
        lock.downgrade()
        assert in_thread(lock.acquire_read, False) is True
    assert lock.readers() == 1
    with pytest.raises(RuntimeError), RWLock().write() as other:
        other.unlock_write()


def test_methods_make_contexts():
    lock = RWLock()
    assert type(lock.read()) is RWReadContext
    assert type(lock.write()) is RWWriteContext
    with lock.read() as entered:
        assert entered is lock


def test_one_context_in_many_threads():
    lock = RWLock()
    reading, writing = RWReadContext(lock), RWWriteContext(lock)
    inside = threading.Barrier(4)
    run_threads(4, lambda _: do(reading, lambda: inside.wait(LONG)))
    counts = [0]

    def count():
        counts[0] += 1

    run_threads(4, lambda _: [do(writing, count) for _ in range(100)])
    assert counts == [400]
    assert state(lock) == (0, 0, False)


@CONTEXTS
def test_context_keeps_the_lock_alive(context):
    lock = Mine()
    reference = weakref.ref(lock)
    made = context(lock)
    del lock
    gc.collect()
    with made as entered:
        assert entered is reference()
    del made, entered
    assert reference() is None


@pytest.mark.thread_unsafe(reason="runs the collector")
@CONTEXTS
def test_cycle_through_a_context(context):
    lock = Mine()
    lock.context = context(lock)
    reference, of_context = weakref.ref(lock), weakref.ref(lock.context)
    del lock
    assert collected(reference)
    assert of_context() is None

    class Named(context):
        pass

    made = Named(Mine())
    made.itself = made
    reference = weakref.ref(made)
    del made
    assert collected(reference)


# Who goes first


def test_readers_are_together():
    lock, inside = RWLock(), threading.Barrier(10)
    run_threads(10, lambda _: do(lock.read(), lambda: inside.wait(LONG)))


def test_waiting_writer_keeps_new_readers_out():
    lock = RWLock()
    lock.lock_read()
    writer = writer_waits(lock)
    assert state(lock) == (1, 1, False)
    assert in_thread(lock.acquire_read, False) is False
    assert in_thread(lock.acquire_read, True, 0.01) is False
    reader = Task(do, lock.read()).until_asleep()
    assert state(lock) == (1, 1, False)
    lock.unlock_read()
    writer.result()
    reader.result()
    assert state(lock) == (0, 0, False)


def test_reading_again_while_a_writer_waits():
    lock, done = RWLock(), []
    lock.lock_read()
    writer = writer_waits(lock, lambda: done.append("written"))
    lock.lock_read()
    assert lock.acquire_read() is True
    assert lock.acquire_read(False) is True
    with lock.read(), RWReadContext(lock.handle()):
        assert state(lock) == (6, 1, False)
    assert done == []
    for _ in range(4):
        lock.unlock_read()
    writer.result()
    assert done == ["written"]


def test_phases_alternate():
    lock, order = RWLock(), []
    lock.lock_write()
    writers = [writer_waits(lock, lambda n=n: order.append(f"writer {n}")) for n in range(2)]
    together = threading.Barrier(3)

    def read():
        together.wait(LONG)
        order.append("reader")

    readers = [Task(do, lock.read(), read).until_asleep() for _ in range(3)]
    lock.unlock_write()
    for task in writers + readers:
        task.result()
    writers_seen = [name for name in order if name != "reader"]
    assert writers_seen == ["writer 0", "writer 1"]
    if sys.platform.startswith("linux"):
        # There it is known that the readers waited.
        assert order[:3] == ["reader"] * 3


def test_readers_are_not_starved():
    lock, stop = RWLock(), threading.Event()

    def write():
        while not stop.is_set():
            do(lock.write())

    tasks = [Task(write) for _ in range(3)]
    try:
        for _ in range(100):
            assert lock.acquire_read(timeout=LONG)
            lock.unlock_read()
    finally:
        stop.set()
    for task in tasks:
        task.result()


def test_writers_are_not_starved():
    lock, stop = RWLock(), threading.Event()

    def read():
        while not stop.is_set():
            do(lock.read())

    tasks = [Task(read) for _ in range(3)]
    try:
        for _ in range(100):
            assert lock.acquire_write(timeout=LONG)
            lock.unlock_write()
    finally:
        stop.set()
    for task in tasks:
        task.result()


def test_writer_that_gives_up_lets_readers_in():
    lock = RWLock()
    lock.lock_read()
    writer = Task(lock.acquire_write, True, 0.1)
    wait_until(lambda: lock.writers_waiting() or writer.is_done())
    reader = Task(do, lock.read())
    assert writer.result() is False
    # We have the lock still.
    reader.result()
    assert state(lock) == (1, 0, False)
    lock.unlock_read()


def test_downgrade_lets_readers_in_and_no_writer():
    lock, order = RWLock(), []
    lock.lock_write()
    writer = writer_waits(lock, lambda: order.append("writer"))
    reader = Task(do, lock.read(), lambda: order.append("reader")).until_asleep()
    lock.downgrade()
    assert lock.writer_locked() is False
    if sys.platform.startswith("linux"):
        reader.result()
    order.append("us")
    lock.unlock_read()
    writer.result()
    reader.result()
    assert order.index("us") < order.index("writer")


# Threads


def test_readers_and_writers():
    lock, data = RWLock(), [0, 0]
    written = AtomicInt64()

    def work(index):
        mine = lock.handle() if index % 2 else lock
        for n in range(300):
            kind = (n + index) % 4
            if kind == 0:
                mine.lock_write()
            elif kind == 1 and not mine.acquire_write(timeout=0.0001):
                continue
            if kind < 2:
                data[0] += 1
                data[1] += 1
                written.incr()
                if n % 2:
                    mine.unlock_write()
                    continue
                mine.downgrade()
            elif kind == 2:
                mine.lock_read()
            elif not mine.acquire_read(timeout=0.0001):
                continue
            assert data[0] == data[1]
            with mine.read():
                assert data[0] == data[1]
            mine.unlock_read()

    run_threads(4, work)
    assert data == [written, written]
    assert state(lock) == (0, 0, False)


class LikeNumbers(RuleBasedStateMachine):
    """One thread, against two numbers."""

    def __init__(self):
        super().__init__()
        self.lock = RWLock()
        self.readers, self.writing = 0, False

    def expect(self, call, allowed):
        if allowed:
            call()
        else:
            with pytest.raises(RuntimeError):
                call()
        return allowed

    @rule()
    def lock_read(self):
        self.readers += self.expect(self.lock.lock_read, not self.writing)

    @rule()
    def lock_write(self):
        free = not self.writing and self.readers == 0
        self.writing = self.expect(self.lock.lock_write, free) or self.writing

    @rule()
    def try_read(self):
        assert self.lock.acquire_read(False) == (not self.writing)
        self.readers += not self.writing

    @rule()
    def try_write(self):
        free = not self.writing and self.readers == 0
        assert self.lock.acquire_write(blocking=False) == free
        self.writing = self.writing or free

    @rule()
    def unlock_read(self):
        self.readers -= self.expect(self.lock.unlock_read, self.readers > 0)

    @rule()
    def unlock_write(self):
        self.expect(self.lock.unlock_write, self.writing)
        self.writing = False

    @rule()
    def downgrade(self):
        self.readers += self.expect(self.lock.downgrade, self.writing)
        self.writing = False

    @invariant()
    def same(self):
        assert state(self.lock) == (self.readers, 0, self.writing)


TestLikeNumbers = LikeNumbers.TestCase


@BOTH
def test_owner_that_ended(take, give):
    lock = RWLock()
    in_thread(take, lock)
    before = state(lock)
    for _ in range(30):
        # A new thread, perhaps with the identity of the one that ended.
        with pytest.raises(RuntimeError):
            in_thread(give, lock)
    assert state(lock) == before


# Signals

WAITS = [
    "held(RWWriteContext); call = lock.lock_read",
    "held(RWWriteContext); call = lock.lock_write",
    "held(RWReadContext); call = lock.lock_write",
    "held(RWWriteContext); call = lambda: lock.acquire_read(timeout=1000)",
    "held(RWReadContext); call = lambda: lock.acquire_write(timeout=1000)",
    "held(RWWriteContext); call = lock.read().__enter__",
    "held(RWReadContext); call = lock.write().__enter__",
]


@POSIX
@pytest.mark.parametrize("wait", WAITS)
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
lock, stop = {wait}
before = (lock.readers(), lock.writer_locked())
interrupt()
try:
    call()
except KeyboardInterrupt:
    print("interrupted", before == (lock.readers(), lock.writer_locked()), lock.writers_waiting())
stop.set()
print(lock.acquire_write(timeout=30))
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted True 0\nTrue\n"


@POSIX
def test_handler_runs_during_a_wait():
    out = run_python(
        f"""{HEAD}
lock, stop = held(RWReadContext)
def handle(*_):
    # The writer that waits is this very thread; a reading here would wait for it.
    print("handled", lock.writers_waiting(), lock.acquire_read(timeout=0.01))
    stop.set()
signal.signal(signal.SIGUSR1, handle)
interrupt(signal.SIGUSR1)
lock.lock_write()
print(lock.writer_locked())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "handled 1 False\nTrue\n"


@POSIX
def test_interrupts_at_any_moment():
    # However often waits are interrupted, the lock is free in the end.
    out = run_python(
        f"""{HEAD}
class Stop(Exception):
    pass
def handle(_number, frame):
    # Only inside of wait: it is wait that is tested.
    while frame is not None:
        if frame.f_code is wait.__code__:
            raise Stop
        frame = frame.f_back
lock, stop = RWLock(), threading.Event()
def write():
    while not stop.is_set():
        with lock.write():
            time.sleep(0.002)
def signals():
    while not stop.is_set():
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.001)
def wait():
    try:
        for n in range(1000000):
            lock.acquire_write(timeout=0.001) if n % 2 else lock.acquire_read(timeout=0.001)
            # Whether we have it or not.
            for give in (lock.unlock_write, lock.unlock_read):
                try:
                    give()
                except RuntimeError:
                    pass
    except Stop:
        pass
def clean_up():
    for give in (lock.unlock_write, lock.unlock_read):
        try:
            give()
        except RuntimeError:
            pass
signal.signal(signal.SIGUSR1, handle)
threads = [threading.Thread(target=work) for work in (write, signals)]
for thread in threads:
    thread.start()
stopped = 0
for _ in range(100):
    try:
        wait()
    except Stop:
        pass
    stopped += 1
    clean_up()
stop.set()
for thread in threads:
    thread.join()
print(stopped, lock.readers(), lock.writers_waiting(), lock.writer_locked())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "100 0 0 False\n"


# The life of a process


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork():
    out = run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
foreign, stop = held(RWWriteContext)
written, read = RWLock(), RWLock()
written.lock_write()
read.lock_read()
for lock in (written, read):
    threading.Thread(target=lock.lock_write, daemon=True).start()
    while not lock.writers_waiting():
        time.sleep(0.001)
    threading.Thread(target=lock.lock_read, daemon=True).start()
def child():
    signal.alarm(15)
    # Those who wait are in the parent.
    assert written.writer_locked() and written.writers_waiting() == 0
    written.downgrade()
    written.lock_read()
    written.unlock_read()
    written.unlock_read()
    with written.write():
        pass
    assert read.readers() == 1 and read.writers_waiting() == 0
    thread = threading.Thread(target=lambda: [read.lock_read(), read.unlock_read()])
    thread.start()
    thread.join()
    read.unlock_read()
    assert read.acquire_write(False)
    thread = threading.Thread(target=lambda: [read.lock_write(), read.unlock_write()])
    thread.start()
    while not read.writers_waiting():
        time.sleep(0.001)
    read.unlock_write()
    thread.join()
    # This one was another thread's.
    assert not foreign.acquire_read(timeout=0.01)
    with RWLock().write():
        pass
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
assert written.writers_waiting() == read.writers_waiting() == 1
print("done")
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "done\n"


@pytest.mark.parametrize("wait", WAITS)
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
lock, stop = {wait}
threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    run_python(
        f"""{HEAD}
lock, turns = RWLock(), []
def work():
    while True:
        with lock.read():
            turns.append(lock.readers())
        with lock.write():
            turns.append(0)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
while len(turns) < 1000:
    time.sleep(0.001)
faulthandler.cancel_dump_traceback_later()
"""
    )


# As objects


@pytest.mark.parametrize("kind", [RWLock, RWReadContext, RWWriteContext])
def test_names(kind):
    assert getattr(synchronization, kind.__name__) is getattr(ft_utils, kind.__name__) is kind
    assert kind.__module__ == "ft_utils.synchronization"
    assert kind.__doc__
    assert inspect.signature(kind) is not None
    for name in dir(kind):
        method = getattr(kind, name)
        if not name.startswith("_"):
            assert inspect.getdoc(method)
            assert inspect.signature(method) is not None


def test_repr():
    lock = RWLock()
    assert repr(lock).startswith("<unlocked RWLock object at 0x")
    with lock.read():
        assert repr(lock).startswith("<read-locked RWLock object at 0x")
        task = writer_waits(lock)
        assert repr(lock).endswith(", readers: 1, writers waiting: 1>")
    task.result()
    with Mine().write() as mine:
        assert repr(mine).startswith("<write-locked Mine object at 0x")
    assert repr(lock.read()) == f"<RWReadContext of {lock!r}>"
    assert repr(lock.write()) == f"<RWWriteContext of {lock!r}>"


def test_repr_that_fails():
    class Bad(RWLock):
        def __repr__(self):
            raise LookupError

    with pytest.raises(LookupError):
        repr(RWReadContext(Bad()))


def test_identity():
    lock = RWLock()
    other = lock.handle()
    assert type(other) is RWLock
    assert lock == lock and lock != other
    assert len({lock, other, lock}) == 2
    assert lock and lock.read() and lock.write()
    for thing in (lock, lock.read(), lock.write()):
        with pytest.raises(AttributeError):
            thing.new_attribute = 1
    lock.lock_read()
    other.unlock_read()
    other.lock_write()
    assert lock.writer_locked()
    lock.unlock_write()


def test_no_copies():
    lock = RWLock()
    for thing in (lock, lock.read(), lock.write()):
        for call in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot copy or pickle"):
                call(thing)


def test_subclasses():
    class Named(RWLock):
        def __init__(self, name):
            super().__init__()
            self.name = name

    class Counted(RWReadContext):
        def __init__(self, lock, counts):
            super().__init__(lock)
            self.counts = counts

        def __enter__(self):
            self.counts.append(1)
            return super().__enter__()

    lock, counts = Named("n"), []
    assert lock.name == "n"
    with Counted(lock, counts) as entered:
        assert entered is lock
    assert counts == [1]
    assert state(lock) == (0, 0, False)


def test_weak_references():
    lock = RWLock()
    contexts = [lock.read(), lock.write()]
    references = [weakref.ref(thing) for thing in (lock, *contexts)]
    contexts[0].__enter__()
    # Though it is locked.
    del lock, contexts
    assert [reference() for reference in references] == [None] * 3


def test_references_are_balanced():
    lock = RWLock()
    before = sys.getrefcount(lock)
    for _ in range(100):
        with ExitStack() as stack:
            stack.enter_context(lock.write())
            lock.downgrade()
        with lock.read(), lock.read():
            pass
    assert sys.getrefcount(lock) == before


@pytest.mark.thread_unsafe(reason="runs the collector")
def test_collector_while_threads_work():
    lock, stop = Mine(), threading.Event()
    lock.context = lock.read()

    def work():
        while not stop.is_set():
            other = Mine()
            other.contexts = [RWReadContext(other), RWWriteContext(other), lock.context]
            with lock.context, other.contexts[1]:
                pass
            with lock.write():
                pass

    tasks = [Task(work) for _ in range(2)]
    try:
        for _ in range(30):
            gc.collect()
    finally:
        stop.set()
    for task in tasks:
        task.result()
    assert state(lock) == (0, 0, False)
