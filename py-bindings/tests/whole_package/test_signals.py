"""The package ft_utils: signals during waits of all kinds."""

import pytest
from helpers.marks import POSIX
from helpers.programs import HEAD, run_python

from .shared import WAITERS


@POSIX
@pytest.mark.parametrize("wait", WAITERS.values(), ids=WAITERS.keys())
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
{wait}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    call()
except KeyboardInterrupt:
    print("interrupted")
"""
    )
    assert out == "interrupted\n"


@POSIX
def test_signal_handler_may_push():
    out = run_python(
        f"""{HEAD}
q = ConcurrentQueue()
signal.signal(signal.SIGUSR1, lambda *_: q.push("from the handler"))
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=interrupt, daemon=True).start()
print(q.pop())
"""
    )
    assert out == "from the handler\n"


@POSIX
def test_interrupted_push_leaves_its_items():
    out = run_python(
        f"""{HEAD}
q = ConcurrentQueue(maxsize=2)
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    q.push_many(range(5))
except KeyboardInterrupt as error:
    print(q.pop_many(9), error.remaining)
"""
    )
    assert out == "[0, 1] [2, 3, 4]\n"


@pytest.mark.parametrize(
    "setup, wait",
    [
        ("it = IntervalLock()\nit.lock()", "it.acquire(timeout=0.001)"),
        ("it = RWLock()\nit.lock_write()", "it.acquire_read(timeout=0.001)"),
        ("it = ProcessSemaphore(1)\nit.try_acquire()", "it.acquire_sync(timeout=0.001)"),
        ("it = StdConcurrentQueue(1)\nit.put(1)", "it.put(2, timeout=0.001)"),
        ("it = AtomicFlag(False)", "it.wait(timeout=0.001)"),
        ("it = Event()", "it.wait(timeout=0.001)"),
        ("it = Latch(1)", "it.wait(timeout=0.001)"),
        ("it = Latch(1).waiting()", "select(it, it, timeout=0.001)"),
        ("it = Lock()\nit.acquire()", "it.acquire(timeout=0.001)"),
        ("it = Condition()\nit.acquire()", "it.wait(timeout=0.001)"),
        ("it = RateLimiter(0.001)\nit.acquire()", "it.acquire(timeout=0.001)"),
    ],
)
def test_waits_run_no_python_code(setup, wait):
    # Before 3.14, the interpreter's end unwinds a daemon thread that does, through ours.
    out = run_python(
        f"""
import sys, threading
from ft_utils import *
{setup}
def work():
    sys.setprofile(lambda frame, event, arg: event == "call" and calls.append(frame.f_code))
    try:
        {wait}
    except Exception:
        pass
    sys.setprofile(None)
calls = []
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(calls)
"""
    )
    assert out == "[]\n"
