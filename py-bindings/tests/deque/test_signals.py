"""ConcurrentDeque: signals that interrupt a wait or a search."""

import pytest
from helpers.marks import POSIX
from helpers.programs import run_python

from .shared import HEAD, WAITS


@POSIX
@WAITS
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {wait}
except KeyboardInterrupt:
    d.append(1)
    print("interrupted", {wait}, len(d))
"""
    )
    assert out == "interrupted 1 0\n"


@POSIX
@pytest.mark.parametrize("wait", ["timeout=None", "timeout=1000"])
def test_interrupted_pops_lose_nothing(wait):
    out = run_python(
        f"""{HEAD}
import functools
class Stop(BaseException): pass
def strike(_number, frame):
    # Only inside of work: it is work that is tested.
    while frame is not None:
        if frame.f_code is work.__code__:
            raise Stop
        frame = frame.f_back
signal.signal(signal.SIGUSR1, strike)
main, done = threading.get_ident(), threading.Event()
def feed():
    for n in range(5000):
        d.append(n)
        if n % 5 == 0:
            time.sleep(0.00005)
            signal.pthread_kill(main, signal.SIGUSR1)
    while not done.wait(0.001):
        signal.pthread_kill(main, signal.SIGUSR1)
taken, stops = [], 0
pops = iter(functools.partial(d.popleft, {wait}), object())
def work():
    # A loop in C keeps every item that a pop returns.
    taken.extend(pops)
threading.Thread(target=feed, daemon=True).start()
while len(taken) < 5000:
    try:
        work()
    except Stop:
        stops += 1
done.set()
assert taken == list(range(5000))
assert stops > 0
print("whole")
"""
    )
    assert out == "whole\n"


@POSIX
def test_signal_handler_may_use_the_deque():
    out = run_python(
        f"""{HEAD}
signal.signal(signal.SIGUSR1, lambda *_: d.append("from the handler"))
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=interrupt, daemon=True).start()
print(d.pop(timeout=None))
"""
    )
    assert out == "from the handler\n"


@POSIX
@pytest.mark.parametrize("search", ["77 in d", "d.index(77)", "d.remove(77)", "d.count(77)"])
def test_interrupt_ends_a_search(search):
    out = run_python(
        f"""{HEAD}
class Slow:
    def __eq__(self, other):
        # In short pieces: another thread may be the one that the signal ends the sleep of.
        while started.is_set():
            time.sleep(0.01)
        started.set()
        return False
started = threading.Event()
d.extend([Slow(), Slow(), 77])
def interrupt():
    started.wait()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {search}
except KeyboardInterrupt:
    print("interrupted", len(d))
"""
    )
    assert out == "interrupted 3\n"
