"""ConcurrentDeque: forks, and the end of the interpreter."""

import os

import pytest
from helpers.programs import run_python

from .shared import HEAD, WAITS


@WAITS
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
threads = [threading.Thread(target=lambda: {wait}, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see support.run_python.
    run_python(
        """
import threading
from ft_utils.concurrency import *
d, n = ConcurrentDeque(maxlen=50), AtomicInt64()
def work():
    while True:
        d.extend([n.incr() % 100, d])
        d.rotate(3)
        d.popleft(timeout=1)
        n.get() in d
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
while n < 2000:
    pass
"""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize(
    "busy", ["d.append(n.incr()); d.pop(); 'x' in d", "n.incr(); other.pop(timeout=0.0001)"]
)
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
n, other = AtomicInt64(), ConcurrentDeque()
def work():
    while True:
        try:
            {busy}
        except EmptyDequeError:
            pass
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
while n < 100:
    time.sleep(0.001)
def child():
    signal.alarm(15)
    other.append(1)
    assert other.pop() == 1
    fresh = ConcurrentDeque()
    thread = threading.Thread(target=lambda: fresh.append(fresh.pop(timeout=None) + 1))
    thread.start()
    fresh.append(1)
    thread.join()
    assert fresh.pop(timeout=None) == 2
    thread = threading.Thread(target=lambda: fresh.append(other.pop(timeout=None) + 1))
    thread.start()
    other.append(1)
    thread.join()
    assert fresh.pop() == 2
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        try:
            child()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
faulthandler.cancel_dump_traceback_later()
"""
    )
