"""RWLock: which thread is next."""

import sys
import threading

from ft_utils.synchronization import RWLock, RWReadContext
from helpers.limits import LONG
from helpers.threads import Task, run_threads, wait_until

from .shared import do, in_thread, state, writer_waits


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
