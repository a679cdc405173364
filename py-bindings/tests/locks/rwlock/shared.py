"""Helpers for the tests in this folder."""

from ft_utils.synchronization import RWLock
from helpers.threads import Task, wait_until

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


WAITS = [
    "held(RWWriteContext); call = lock.lock_read",
    "held(RWWriteContext); call = lock.lock_write",
    "held(RWReadContext); call = lock.lock_write",
    "held(RWWriteContext); call = lambda: lock.acquire_read(timeout=1000)",
    "held(RWReadContext); call = lambda: lock.acquire_write(timeout=1000)",
    "held(RWWriteContext); call = lock.read().__enter__",
    "held(RWReadContext); call = lock.write().__enter__",
]
