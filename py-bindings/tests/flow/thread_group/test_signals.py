"""ThreadGroup: Ctrl-C, other signals, and the end of the interpreter."""

import signal
import threading

import pytest
from ft_utils import ConcurrentQueue, Event, ThreadGroup
from ft_utils._flow.thread_group import _enter
from helpers.marks import WITH_SIGNALS
from helpers.programs import run_python
from helpers.signals import ctrl_c_when_asleep, interrupted
from helpers.threads import wait_until

from .shared import running, sleep_on, until_all_sleep

pytestmark = pytest.mark.thread_unsafe(reason="raises signals")


@WITH_SIGNALS
@pytest.mark.parametrize("where", ["block", "end"])
def test_ctrl_c(where):
    before, begun = running(), threading.Event()
    with (
        pytest.raises(KeyboardInterrupt),
        ctrl_c_when_asleep(begun.is_set),
        ThreadGroup() as group,
    ):
        for _ in range(5):
            group.start(sleep_on)
        queue = group.register(ConcurrentQueue())
        until_all_sleep(group)
        begun.set()
        if where == "block":
            sleep_on()
    assert group.stopping.is_set()
    assert isinstance(queue.failure, KeyboardInterrupt)
    assert running() <= before


@WITH_SIGNALS
def test_ctrl_c_again_leaves_the_block():
    go, group = threading.Event(), ThreadGroup()
    try:
        with (
            pytest.raises(KeyboardInterrupt) as caught,
            ctrl_c_when_asleep(lambda: group.threads, group.stopping.is_set) as struck,
            group,
        ):
            group.start(go.wait, name="stubborn")
        assert len(struck) == 2
        notes = ["These threads of the group may still be running: stubborn"]
        assert caught.value.__notes__ == notes
        (still,) = group.threads
    finally:
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
