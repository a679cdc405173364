"""ConcurrentGatheringIterator: forks, and the end of the interpreter."""

import pytest
from helpers.marks import WITH_FORK
from helpers.programs import END_WHILE_THREADS_WAIT, IN_CHILDREN, run_python

from .shared import HEAD, WAITERS


@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
{wait}
{END_WHILE_THREADS_WAIT}"""
    )


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see run_python.
    run_python(
        """
import threading
from ft_utils.concurrency import *
g, n = ConcurrentGatheringIterator(window=8), AtomicInt64()
it = g.iterator(10**9)
def work(index):
    while True:
        g.insert(n.incr() - 1, index)
        next(it)
for index in range(4):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 2000:
    pass
"""
    )


BUSY = {
    "working": "g.insert(n.incr() - 1, []); next(it)",
    "waiting": """
    n.incr()
    try:
        if index % 2:
            g.insert(10**6 + index, 1, 0.0001)
        else:
            next(missing)
    except TimeoutError:
        pass
""",
    "asleep": "n.fetch_add(100); ConcurrentGatheringIterator().iterator(0).__next__()",
    "asleep in it": "n.fetch_add(100); never[index].__next__()",
}


@WITH_FORK
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}{IN_CHILDREN}
import warnings
warnings.simplefilter("ignore")
g, n = ConcurrentGatheringIterator(window=8), AtomicInt64()
it = g.iterator(10**9)
missing = g.iterator(9, False, 0.0001)
lonely = ConcurrentGatheringIterator()
never = [lonely.iterator(9, False) for _ in range(2)]
def work(index):
  while True: {busy}
for index in range(2):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 100:
    time.sleep(0.001)
def child():
    signal.alarm(15)
    # One that its threads wait for.
    lonely.insert(0, "a")
    assert next(lonely.iterator(0, False)) == "a"
    assert g.size() >= 0
    fresh = ConcurrentGatheringIterator(window=1)
    def work():
        for key in range(100):
            fresh.insert(key, key)
    thread = threading.Thread(target=work)
    thread.start()
    assert list(fresh.iterator(99)) == list(range(100))
    thread.join()
in_children(child, 10)
faulthandler.cancel_dump_traceback_later()
"""
    )
