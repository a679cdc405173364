"""AtomicFlag: signals, forks, and the end of the interpreter."""

import pytest
from helpers.marks import POSIX, WITH_FORK
from helpers.programs import run_python


@POSIX
@pytest.mark.parametrize("timeout", ["", "1000"])
def test_interrupt_ends_a_wait(timeout):
    out = run_python(
        f"""
import faulthandler, os, signal, threading, time
from ft_utils import AtomicFlag
faulthandler.dump_traceback_later(40, exit=True)
flag, entered = AtomicFlag(False), AtomicFlag(False)
def interrupt():
    entered.wait()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    entered.set(True)
    flag.wait({timeout})
except KeyboardInterrupt:
    print("interrupted", flag.get())
flag.set(True)
print(flag.wait())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted False\nTrue\n"


@POSIX
def test_signal_handler_may_set():
    out = run_python(
        """
import faulthandler, os, signal, threading
from ft_utils import AtomicFlag
faulthandler.dump_traceback_later(40, exit=True)
flag, entered = AtomicFlag(False), AtomicFlag(False)
signal.signal(signal.SIGUSR1, lambda *_: flag.set(True))
def interrupt():
    entered.wait()
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=interrupt, daemon=True).start()
entered.set(True)
print(flag.wait())
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "True\n"


def test_exit_while_threads_wait():
    run_python(
        """
import threading
from ft_utils import AtomicFlag
flag, entered = AtomicFlag(False), [AtomicFlag(False) for _ in range(3)]
def work(index):
    entered[index].set(True)
    flag.wait(None if index else 1000)
for index in range(3):
    threading.Thread(target=work, args=(index,), daemon=True).start()
for each in entered:
    each.wait()
"""
    )


@WITH_FORK
@pytest.mark.parametrize("busy", ["flag.wait()", "flag.set(True); flag.clear()"])
def test_fork(busy):
    run_python(
        f"""
import os, signal, sys, threading, warnings
from ft_utils import AtomicFlag
warnings.simplefilter("ignore")
flag, started = AtomicFlag(False), AtomicFlag(False)
def work():
    started.set(True)
    while True:
        {busy}
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
started.wait()
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        signal.alarm(15)
        try:
            for each in (flag, AtomicFlag(False)):
                each.clear()
                thread = threading.Thread(target=each.wait)
                thread.start()
                each.set(True)
                thread.join()
                assert each.get() and each.wait() and each.exchange(False)
                assert not each.wait(0.001)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
"""
    )
