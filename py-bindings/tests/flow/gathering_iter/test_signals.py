"""ConcurrentGatheringIterator: signals that interrupt a reader or a producer."""

import pytest
from helpers.marks import POSIX
from helpers.programs import run_python

from .shared import HEAD, WAITERS


@POSIX
@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
{wait}
send(signal.SIGINT)
try:
    call()
except KeyboardInterrupt:
    print("interrupted", g.failure)
    # Nothing is lost.
    g.insert(0, "a"), g.insert(1, "b")
    print(*g.iterator(1))
"""
    )
    assert out == "interrupted None\na b\n"


@POSIX
def test_signal_handler_may_insert():
    out = run_python(
        f"""{HEAD}
signal.signal(signal.SIGUSR1, lambda *_: g.insert(0, "from the handler"))
send(signal.SIGUSR1)
print(*g.iterator(0))
"""
    )
    assert out == "from the handler\n"


@POSIX
def test_iterator_survives_an_interrupt():
    out = run_python(
        f"""{HEAD}
it = g.iterator(1)
g.insert(0, "a")
print(next(it))
send(signal.SIGINT)
try:
    next(it)
except KeyboardInterrupt:
    g.insert(1, "b")
    print(*it)
"""
    )
    assert out == "a\nb\n"


@POSIX
def test_handler_that_raises_fails_the_insert():
    # Any Exception in insert does this; the value is not there.
    out = run_python(
        f"""{HEAD}
def handler(*_):
    raise LookupError("from the handler")
signal.signal(signal.SIGUSR1, handler)
send(signal.SIGUSR1)
try:
    g.insert(2, "c")
except LookupError as error:
    print(g.failure is error)
"""
    )
    assert out == "True\n"
