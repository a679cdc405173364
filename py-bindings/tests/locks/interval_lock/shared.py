"""Helpers for the tests in this folder."""

from helpers.threads import Task, wait_until

NEVER = 1000.0
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
