"""BatchExecutor: signals that interrupt a wait or the source."""

import itertools
import signal
import sys
import threading
import time

import pytest
from ft_utils.local import BatchExecutor
from helpers.limits import LONG
from helpers.marks import WITH_SIGNALS
from helpers.threads import Task

from .shared import ROUNDS, Gate


def interrupt_when_asleep(armed):
    """Send SIGINT to this thread once it sleeps after armed is set."""
    main = threading.get_ident()
    stat = f"/proc/self/task/{threading.get_native_id()}/stat"

    def work():
        assert armed.wait(LONG)
        seen = 0
        while seen < 5:
            with open(stat) as file:
                seen = seen + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
            time.sleep(0.002)
        signal.pthread_kill(main, signal.SIGINT)

    return Task(work)


@WITH_SIGNALS
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.thread_unsafe(reason="sends signals")
def test_interrupt_ends_a_wait():
    gate = Gate()
    executor = BatchExecutor(gate, 2)
    filler = Task(executor.load)
    gate.wait()
    for call in (executor.load, lambda: executor.load(1000), lambda: next(iter(executor))):
        armed = threading.Event()
        interrupter = interrupt_when_asleep(armed)
        with pytest.raises(KeyboardInterrupt):
            armed.set()
            call()
        interrupter.result()
    gate.open(2)
    assert filler.result() == 0
    assert executor.load() == 1


@WITH_SIGNALS
@pytest.mark.thread_unsafe(reason="sends signals")
def test_interrupt_ends_a_source_in_c():
    class Stop(Exception):
        pass

    def handle(*_):
        raise Stop

    size = 2**24
    executor = BatchExecutor(int, size)
    before = signal.signal(signal.SIGALRM, handle)
    try:
        with pytest.raises(Stop):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            executor.load()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # The results that were produced before are there.
    left = executor.buffered
    assert left < size - 1
    assert [executor.load() for _ in range(left)] == [0] * left


@WITH_SIGNALS
@pytest.mark.thread_unsafe(reason="sends signals")
def test_storm_of_signals_loses_nothing():
    """Loads that signals end leave every result to others, or have none."""
    made, failed = itertools.count(), 0

    def source():
        return next(made)

    class Stop(BaseException):
        pass

    armed = False

    def handle(_number, frame):
        # Not between the return of load() and the append.
        if armed and frame.f_code is source.__code__:
            raise Stop

    executor, got, main = BatchExecutor(source, 5), [], threading.get_ident()
    calm = threading.Event()

    def blow():
        while not calm.wait(0.0003):
            signal.pthread_kill(main, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handle)
    other = Task(lambda: [executor.load() for _ in range(ROUNDS)])
    storm = Task(blow)
    armed = True
    try:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            try:
                got.append(executor.load())
            except Stop:
                failed += 1
    finally:
        armed = False
        calm.set()
        storm.result()
        signal.signal(signal.SIGUSR1, before)
    found = got + other.result() + [executor.load() for _ in range(executor.buffered)]
    missing = set(range(next(made))) - set(found)
    assert len(found) == len(set(found))
    # A signal in the source itself may come after next(), and then takes that number with it.
    assert len(missing) <= failed
