"""AtomicReference: signals, forks, and the end of the interpreter."""

import signal
import threading
import time

import pytest
from ft_utils.concurrency import AtomicFlag, AtomicReference
from helpers.limits import LONG
from helpers.marks import POSIX, WITH_FORK
from helpers.programs import run_python
from helpers.threads import Task


@POSIX
def test_interrupted_update_changes_nothing():
    ref, entered = AtomicReference(0), AtomicFlag(False)

    class Stop(BaseException):
        pass

    def handle(*_):
        raise Stop

    def function(old):
        entered.set(True)
        time.sleep(LONG)

    def strike(main):
        assert entered.wait(LONG)
        signal.pthread_kill(main, signal.SIGUSR1)

    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread")
    before = signal.signal(signal.SIGUSR1, handle)
    try:
        task = Task(strike, threading.get_ident())
        with pytest.raises(Stop):
            ref.update(function)
        task.result()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ref.get() == 0


def test_exit_while_threads_work():
    # Daemon threads drop nothing that another has made: see run_python.
    run_python(
        """
import threading
from ft_utils import AtomicInt64, AtomicReference
ref, n = AtomicReference(), AtomicInt64()
def work():
    while True:
        ref.set(n.incr() % 100)
        ref.compare_exchange(ref.get(), ())
        ref.exchange(None)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
while n < 5000:
    pass
"""
    )


@WITH_FORK
def test_fork_while_threads_work():
    run_python(
        """
import gc, os, signal, sys, threading, warnings
from ft_utils import AtomicInt64, AtomicReference
warnings.simplefilter("ignore")
ref, n = AtomicReference([0]), AtomicInt64()
def work():
    while True:
        ref.set([n.incr()])
        ref.compare_exchange(ref.get(), [0])
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
while n < 100:
    pass
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        signal.alarm(15)
        try:
            assert isinstance(ref.get(), list)
            for each in (ref, AtomicReference()):
                for number in range(100):
                    each.set([number])
                    assert each.exchange((number,)) == [number]
                    assert each.compare_exchange(each.get(), number)
                    assert each.update(lambda n: n + 1) == number + 1
                thread = threading.Thread(target=each.update, args=(lambda n: n + 1,))
                thread.start()
                thread.join()
                assert each.get() == 101
            gc.collect()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
"""
    )
