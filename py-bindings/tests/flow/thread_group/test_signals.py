"""ThreadGroup: Ctrl-C, other signals, and the end of the interpreter."""

import signal
import threading
import time

import pytest
from ft_utils import ConcurrentQueue, Event, ThreadGroup
from ft_utils._flow.thread_group import _enter
from helpers.marks import WITH_SIGNALS
from helpers.programs import run_python
from helpers.signals import interrupted
from helpers.threads import until_asleep, wait_until

from .shared import running, sleep_on, until_all_sleep

pytestmark = pytest.mark.thread_unsafe(reason="raises signals")


def strike_when_asleep(group):
    """Strike Ctrl-C when the main thread sleeps, and return when that was."""
    struck = []

    def strike():
        until_all_sleep(group)
        until_asleep(threading.main_thread())
        struck.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=strike)
    thread.start()
    return struck, thread


@WITH_SIGNALS
@pytest.mark.parametrize("where", ["block", "end"])
def test_ctrl_c(where):
    before = running()
    with pytest.raises(KeyboardInterrupt), ThreadGroup() as group:
        for _ in range(5):
            group.start(sleep_on)
        queue = group.register(ConcurrentQueue())
        _, thread = strike_when_asleep(group)
        if where == "block":
            sleep_on()
    thread.join()
    assert group.stopping.is_set()
    assert isinstance(queue.failure, KeyboardInterrupt)
    assert running() == before


@WITH_SIGNALS
def test_ctrl_c_again_leaves_the_block():
    go, seen = threading.Event(), []

    def strike():
        for times in (0, 1):
            wait_until(lambda times=times: group.stopping.is_set() or not times)
            until_asleep(threading.main_thread())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=strike)
    try:
        with ThreadGroup() as group:
            group.start(go.wait, name="stubborn")
            seen += [group]
            thread.start()
    except KeyboardInterrupt as error:
        assert error.__notes__ == ["These threads of the group may still be running: stubborn"]
    else:
        pytest.fail("the block has ended well")
    thread.join()
    (still,) = group.threads
    go.set()
    assert still.result() is True
    still._join()


@WITH_SIGNALS
def test_stop_in_a_signal_handler():
    before = signal.signal(signal.SIGUSR1, lambda *_: group.stop())
    try:
        with ThreadGroup() as group:
            group.start(sleep_on)
            group.start(lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert group.stopping.is_set()


@WITH_SIGNALS
def test_signals_at_any_moment():
    """Nothing hangs, whatever is interrupted."""
    groups = []

    def work():
        with ThreadGroup() as group:
            groups.append(group)
            for _ in range(3):
                group.start(sleep_on)
            Event().wait(0.0005)
            group.stop()

    before = running()
    # A second signal leaves a block before its threads have ended. So does a signal that comes when
    # the end of the block has been called, and has not done anything yet.
    assert interrupted(work, (RuntimeError,)) > 0
    _enter(None)
    for group in groups:
        for thread in group.threads:
            group._stopping.set()
            thread._join()
    wait_until(lambda: running() <= before)


def test_errors_at_the_end_of_the_program():
    code = """
from ft_utils import ThreadGroup
def work():
    raise SystemExit(3)
with ThreadGroup() as group:
    group.start(work)
    group.stopping.wait()
"""
    assert run_python(code, status=3) == ""


def test_end_with_a_group_in_a_daemon():
    code = """
import threading
from ft_utils import Event, ThreadGroup
entered = Event()
def work():
    with ThreadGroup() as group:
        for _ in range(3):
            group.start(Event().wait)
        group.start(entered.set)
threading.Thread(target=work, daemon=True).start()
entered.wait()
print("end")
"""
    assert run_python(code) == "end\n"
