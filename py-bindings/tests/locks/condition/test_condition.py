"""Condition: threads and tasks that wait together."""

import asyncio
import ctypes
import gc
import importlib.util
import signal
import sys
import threading
import weakref

import pytest
from ft_utils import AtomicInt64, ConcurrentQueue, Condition, IntervalLock, Lock
from helpers.limits import LONG, VERY_LONG
from helpers.loops import run, started
from helpers.marks import WITH_SIGNALS
from helpers.objects import collected
from helpers.places import TESTS
from helpers.programs import run_python
from helpers.threads import Task, run_threads, until_asleep, wait_until

LOCKS = {
    "its own": lambda: None,
    "Lock": Lock,
    "IntervalLock": IntervalLock,
    "threading.Lock": threading.Lock,
    "threading.RLock": threading.RLock,
}

each_lock = pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS.keys())


def waiting(condition):
    """Start a thread that waits, and return it when it does."""

    def wait():
        with condition:
            return condition.wait(LONG)

    return Task(wait).until_asleep()


@each_lock
def test_notified_threads(lock):
    condition = Condition(lock())
    waits = [waiting(condition) for _ in range(3)]
    with condition:
        condition.notify()
    assert waits[0].result() is True
    assert not waits[1].is_done()
    with condition:
        condition.notify_all()
    assert [wait.result() for wait in waits] == [True] * 3
    assert not condition.locked()


@each_lock
def test_timeouts(lock):
    condition = Condition(lock())
    with condition:
        assert condition.wait(0) is False
        assert condition.wait(timeout=0.001) is False
        assert condition.wait_for(list, 0.001) == []
        assert condition.wait_for(lambda: "yes") == "yes"
        assert condition.locked()
    # It remembers no notification.
    with condition:
        condition.notify(5)
        assert condition.wait(0.001) is False


@each_lock
def test_without_the_lock(lock):
    condition = Condition(lock())
    for call in (condition.wait, condition.notify, condition.notify_all):
        with pytest.raises(RuntimeError, match="un-acquired lock"):
            call()
    assert condition.wait_for(lambda: 1) == 1
    with pytest.raises(RuntimeError, match="un-acquired lock"):
        condition.wait_for(lambda: 0)
    assert not condition.locked()


def test_all_levels_of_an_rlock_are_released():
    condition = Condition(threading.RLock())
    with condition, condition:
        waker = Task(lambda: condition.acquire() and (condition.notify(), condition.release()))
        assert condition.wait(LONG) is True
        waker.result()
        assert Task(condition.acquire, False).result() is False


def test_bad_arguments():
    for bad in (1, object(), threading.Event()):
        with pytest.raises(TypeError, match="acquire"):
            Condition(bad)
    condition = Condition()
    with condition:
        with pytest.raises(ValueError, match="negative"):
            condition.wait(-1)
        with pytest.raises(TypeError):
            condition.wait("x")
        with pytest.raises(TypeError):
            condition.notify("x")
        with pytest.raises(ZeroDivisionError):
            condition.wait_for(lambda: 1 / 0)

        async def predicate():
            return True

        with pytest.raises(TypeError, match="plain function"):
            condition.wait_for(predicate)
        assert condition.locked()


def test_locks_that_fail():
    class Stubborn:
        def __init__(self, failures):
            self.failures = failures
            self.held = True

        def locked(self):
            return self.held

        def acquire(self, *_):
            if self.failures:
                self.failures -= 1
                raise OSError(self.failures)
            self.held = True
            return True

        def release(self):
            self.held = False

    # Its first error is raised when it has the lock.
    lock = Stubborn(2)
    with pytest.raises(OSError, match="1"):
        Condition(lock).wait(0)
    assert lock.held
    lock = Stubborn(1_000)
    with pytest.raises(OSError):
        Condition(lock).wait(0)
    assert not lock.held


def test_threads_and_tasks_in_one_line():
    condition, order = Condition(), []

    def thread(n):
        with condition:
            assert condition.wait(LONG)
            order.append(n)

    async def task(n):
        async with condition:
            assert await condition.wait_async(LONG)
            order.append(n)

    async def main():
        tasks = await started(task(0))
        threads = [Task(thread, 1).until_asleep()]
        tasks += await started(task(2))
        threads.append(Task(thread, 3).until_asleep())
        for n in range(4):
            with condition:
                condition.notify()
            while len(order) <= n:
                await asyncio.sleep(0.001)
        await asyncio.gather(*tasks)
        for each in threads:
            each.result()

    run(main())
    assert order == [0, 1, 2, 3]


def test_tasks_of_several_loops():
    condition, ready, state = Condition(), AtomicInt64(), 0

    async def task():
        async with condition:
            ready.incr()
            return await condition.wait_for_async(lambda: state)

    async def tasks():
        return await asyncio.gather(*(task() for _ in range(5)))

    def work(n):
        nonlocal state
        if n:
            return run(tasks())
        while ready.get() < 15:
            pass
        with condition:
            state = 7
            condition.notify_all()
        return None

    assert run_threads(4, work)[1:] == [[7] * 5] * 3


def test_timeouts_of_tasks():
    condition = Condition()

    async def main():
        async with condition:
            assert await condition.wait_async(0.001) is False
            assert await condition.wait_async(timeout=0) is False
            assert await condition.wait_for_async(list, 0.001) == []
            assert await condition.wait_for_async(lambda: [1], 0) == [1]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await condition.wait_async()
            assert condition.locked()
        with pytest.raises(RuntimeError, match="un-acquired"):
            await condition.wait_async()
        assert await condition.acquire_async() is True
        assert await condition.acquire_async(0.001) is False
        condition.release()

    run(main())
    assert not condition.locked()


def test_a_lock_for_threads_alone():
    condition = Condition(threading.Lock())

    async def main():
        with condition, pytest.raises(TypeError, match="acquire_async"):
            await condition.wait_async()
        with pytest.raises(AttributeError):
            await condition.acquire_async()

    run(main())


def test_cancelled_tasks_hand_on():
    condition = Condition()

    async def task():
        async with condition:
            return await condition.wait_async()

    async def main():
        tasks = await started(*(task() for _ in range(5)), rounds=2)
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        with condition:
            condition.notify()
        # Notified, and not run yet.
        tasks[1].cancel()
        assert await tasks[2] is True
        async with condition:
            condition.notify()
            await asyncio.sleep(0)
            # Notified, and waiting for the lock.
            tasks[3].cancel()
            await asyncio.sleep(0)
            assert not tasks[3].done()
        assert await tasks[4] is True
        assert [each.cancelled() for each in tasks] == [True, True, False, True, False]

    run(main())
    assert not condition.locked()


def test_a_wait_is_closed():
    condition = Condition()

    async def main():
        await condition.acquire_async()
        wait = condition.wait_async()
        wait.send(None)
        assert not condition.locked()
        wait.close()
        assert condition.locked()

    run(main())


@pytest.mark.thread_unsafe(reason="needs many threads")
def test_many_threads():
    """Two thousand threads wait: all are woken, and none twice."""
    count, condition, entered = 2_000, Condition(), AtomicInt64()
    # What the threads have seen. Only a notification ends their waits.
    ended = ConcurrentQueue()
    before = threading.stack_size(256 * 1024)

    def wait():
        try:
            with condition:
                entered.incr()
                result = condition.wait()
        except BaseException as error:
            result = error
        ended.push(result)

    try:
        threads = [threading.Thread(target=wait, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(before)
    wait_until(lambda: entered.get() == count)
    with condition:
        # All of them wait, because each held the lock from its entry to its wait.
        assert ended.size() == 0
        condition.notify(count - 1)
    assert [ended.pop(VERY_LONG) for _ in range(count - 1)] == [True] * (count - 1)
    with condition:
        assert ended.size() == 0
        condition.notify_all()
    assert ended.pop(VERY_LONG) is True
    for thread in threads:
        thread.join(VERY_LONG)
        assert not thread.is_alive()


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
def test_many_tasks():
    """Twenty thousand tasks wait: all are woken, none twice, and memory is as it was."""
    count, condition = 20_000, Condition()

    async def task():
        async with condition:
            return await condition.wait_async()

    def notify():
        with condition:
            condition.notify_all()

    async def once():
        tasks = await started(*(task() for _ in range(count)))
        notifier = threading.Thread(target=notify)
        notifier.start()
        assert await asyncio.gather(*tasks) == [True] * count
        notifier.join()

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(once())
    before = blocks()
    run(once())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10


def test_circles_are_collected():
    class Mine(Lock):
        pass

    lock = Mine()
    lock.condition = Condition(lock)
    lock.handle_of_it = lock.condition.handle()
    alive = weakref.ref(lock)
    del lock
    assert collected(alive)


def test_handles_share_all():
    condition = Condition()
    wait = waiting(condition)
    with condition.handle() as taken:
        assert taken is True and condition.locked()
        condition.handle().handle().notify()
    assert wait.result() is True
    assert "unlocked" in repr(condition)


@WITH_SIGNALS
@pytest.mark.thread_unsafe(reason="raises signals")
def test_interruption_before_another_error():
    """The second handler raises while the thread waits for the lock."""
    condition, main, struck = Condition(), threading.main_thread(), []

    def handle(number, _):
        struck.append(number)
        raise KeyboardInterrupt if number == signal.SIGUSR1 else ValueError

    def strike():
        with condition:
            signal.pthread_kill(main.ident, signal.SIGUSR1)
            wait_until(lambda: len(struck) == 1)
            until_asleep(main)
            signal.pthread_kill(main.ident, signal.SIGUSR2)
            wait_until(lambda: len(struck) == 2)

    numbers = (signal.SIGUSR1, signal.SIGUSR2)
    before = [signal.signal(number, handle) for number in numbers]
    try:
        with condition:
            task = Task(strike)
            with pytest.raises(KeyboardInterrupt):
                condition.wait(LONG)
            assert condition.locked()
        task.result()
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@pytest.mark.skipif(
    importlib.util.find_spec("_testcapi") is None or not sys.platform.startswith("linux"),
    reason="no _testcapi, or no way to see that a thread sleeps",
)
@pytest.mark.thread_unsafe(reason="a process of its own")
def test_wait_without_memory():
    """The wait fails, and the thread has the lock again: meanwhile another one has it."""
    out = run_python(
        f"""
import _testcapi, faulthandler, sys, threading
sys.path.insert(0, {str(TESTS)!r})
from ft_utils import Condition
from helpers.threads import until_asleep
faulthandler.dump_traceback_later({LONG}, exit=True)
condition, gate, error = Condition(), threading.Lock(), None
def other():
    # None of this takes memory.
    condition.acquire()
    condition.release()
    gate.acquire()
gate.acquire()
# The first calls make strings that stay.
condition.acquire()
condition.wait(0.001)
condition.release()
condition.acquire()
thread = threading.Thread(target=other)
thread.start()
until_asleep(thread)
_testcapi.set_nomemory(0, 0)
try:
    condition.wait(0.001)
except MemoryError as raised:
    _testcapi.remove_mem_hooks()
    error = raised
finally:
    _testcapi.remove_mem_hooks()
gate.release()
thread.join()
print(type(error).__name__, condition.locked())
condition.release()
"""
    )
    assert out == "MemoryError True\n"


# A thread that returns from one of these may have a few instructions of it left.
destructors = []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the libc of Linux")
@each_lock
def test_wait_while_a_thread_destroys_its_variables(lock):
    """A destructor in C may call Python code when the variables of this library are gone."""
    libc, key, ended = ctypes.CDLL(None), ctypes.c_uint(), threading.Event()
    condition, results = Condition(lock()), []

    def wait():
        with condition:
            results.append(condition.wait(0.001))

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def destroy(_):
        try:
            wait()
        finally:
            ended.set()

    def work():
        wait()
        libc.pthread_setspecific(key, ctypes.c_void_p(1))

    destructors.append(destroy)
    assert libc.pthread_key_create(ctypes.byref(key), destroy) == 0
    try:
        Task(work).result()
        assert ended.wait(LONG)
    finally:
        libc.pthread_key_delete(key)
    assert results == [False, False]
