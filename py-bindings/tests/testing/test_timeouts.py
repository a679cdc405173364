"""ft_utils.testing.run_concurrently: threads that hang."""

import _thread
import sys
import threading
from types import SimpleNamespace

import pytest
from ft_utils import AtomicInt64, testing
from ft_utils.testing import run_concurrently
from helpers.limits import LONG
from helpers.programs import run_python

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, changes the switch interval")


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until told that time is up."""
    up = threading.Event()
    fake = SimpleNamespace(monotonic=lambda: 1e6 if up.is_set() else 0.0)
    monkeypatch.setattr(testing, "time", fake)
    return up


def test_timeout_shows_who_hangs(clock):
    release = threading.Event()
    done = threading.Event()
    others = []

    def stuck_in_here():
        # The other has ended, and not only done its call.
        others[0].join(LONG)
        clock.set()
        assert release.wait(LONG)

    def work(index):
        if index == 0:
            others.append(threading.current_thread())
            done.set()
        else:
            assert done.wait(LONG)
            stuck_in_here()

    before = sys.getswitchinterval()
    bystander = threading.Thread(target=release.wait)
    bystander.start()
    try:
        with pytest.raises(TimeoutError) as caught:
            run_concurrently(work, 2, pass_index=True, timeout=5)
    finally:
        release.set()
        bystander.join()
    assert caught.value.args == ("not done after 5 s: run_concurrently-1",)
    [note] = caught.value.__notes__
    assert note.startswith("Thread run_concurrently-1 (most recent call first):\n")
    assert "in stuck_in_here" in note
    assert caught.value.__cause__ is None
    assert sys.getswitchinterval() == before


def test_timeout_after_an_exception(clock):
    failing = threading.Event()
    release = threading.Event()
    others = []

    def work(index):
        if index == 0:
            others.append(threading.current_thread())
            failing.set()
            raise LookupError("why the other waits in vain")
        assert failing.wait(LONG)
        others[0].join(LONG)
        clock.set()
        assert release.wait(LONG)

    try:
        with pytest.raises(TimeoutError) as caught:
            run_concurrently(work, 2, pass_index=True, timeout=5)
    finally:
        release.set()
    cause = caught.value.__cause__
    assert isinstance(cause, ExceptionGroup)
    [failure] = cause.exceptions
    assert isinstance(failure, LookupError)
    assert failure.__notes__ == ["In thread 0, iteration 0."]


def test_no_more_iterations_after_a_timeout(clock):
    release = threading.Event()
    calls = AtomicInt64()

    def work():
        calls.incr()
        clock.set()
        assert release.wait(LONG)
        return threading.current_thread()

    with pytest.raises(TimeoutError):
        run_concurrently(work, 2, iterations=3, timeout=5)
    hanging = [one for one in threading.enumerate() if one.name.startswith("run_concurrently-")]
    release.set()
    for thread in hanging:
        thread.join(LONG)
        assert not thread.is_alive()
    assert calls <= 2


def test_interrupt_is_not_held_up():
    release = threading.Event()

    def work():
        _thread.interrupt_main()
        assert release.wait(LONG)

    before = sys.getswitchinterval()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_concurrently(work, 1, timeout=None)
    finally:
        release.set()
    assert sys.getswitchinterval() == before


def test_threads_that_hang_let_the_process_end():
    code = """
import threading
from ft_utils.testing import run_concurrently, run_trials
try:
    run_concurrently(threading.Event().wait, 2, timeout=0.05)
except TimeoutError as error:
    print(error)
"""
    text = run_python(code)
    assert text == "not done after 0.05 s: run_concurrently-0, run_concurrently-1\n"
