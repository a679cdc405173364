"""ConcurrentDeque: forks, and the end of the interpreter."""

import pytest
from helpers.marks import WITH_FORK
from helpers.programs import END_WHILE_THREADS_WAIT, IN_CHILDREN, run_python

from .shared import HEAD, WAITS


@WAITS
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
call = lambda: {wait}
{END_WHILE_THREADS_WAIT}"""
    )


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see run_python.
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


@WITH_FORK
@pytest.mark.parametrize(
    "busy", ["d.append(n.incr()); d.pop(); 'x' in d", "n.incr(); other.pop(timeout=0.0001)"]
)
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}{IN_CHILDREN}
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
in_children(child, 10)
faulthandler.cancel_dump_traceback_later()
"""
    )
