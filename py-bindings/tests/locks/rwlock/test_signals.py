"""RWLock: signals that interrupt a wait."""

import pytest
from helpers.marks import POSIX
from helpers.programs import run_python

from .shared import HEAD, WAITS


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
