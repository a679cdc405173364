"""The package ft_utils: the end of the interpreter."""

import pytest
from helpers.programs import END_WHILE_THREADS_WAIT, HEAD, run_python

from .shared import WAITERS


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
import sys, threading
from ft_utils.concurrency import *
q, d, n = ConcurrentQueue(maxsize=8), ConcurrentDict(), AtomicInt64()
def work(index):
    while True:
        q.push(n.incr() % 100)
        d[n % 100] = q.pop()
        if sys.version_info >= (3, 14):
            # Before, a daemon thread that is in Python code called by an extension when the
            # interpreter ends is unwound through the extension, which no Rust code survives.
            d.get_or_insert(n % 200, lambda: [d.keys()])
        if n % 10 == 0:
            d.clear()
for index in range(4):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 2000:
    pass
"""
    )
