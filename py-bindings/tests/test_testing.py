"""ft_utils.testing: run_concurrently."""

import _thread
import doctest
import inspect
import os
import re
import subprocess
import sys
import threading
import time
import weakref
from types import SimpleNamespace

import pytest
from ft_utils import AtomicInt64, testing
from ft_utils.testing import run_concurrently, run_trials
from support import FREE_THREADED, LONG, collected, run_python

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, changes the switch interval")


def test_signature():
    parameters = inspect.signature(run_concurrently).parameters
    assert list(parameters)[:3] == ["fn", "threads", "iterations"]
    assert parameters["threads"].default == 8
    assert parameters["iterations"].default == 1
    assert testing.__all__ == ["run_concurrently", "run_trials"]


def test_results_are_in_order_of_threads():
    turn = [threading.Event() for _ in range(5)]
    turn[4].set()

    def work(index):
        # The last comes first.
        assert turn[index].wait(LONG)
        turn[index - 1].set()
        return index

    assert run_concurrently(work, 5, pass_index=True) == [0, 1, 2, 3, 4]


def test_results_are_in_order_of_iterations():
    calls = AtomicInt64()
    results = run_concurrently(calls.incr, threads=3, iterations=4)
    assert [sorted(results[at : at + 3]) for at in range(0, 12, 3)] == [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
        [10, 11, 12],
    ]


def test_threads_are_new_and_gone_afterwards():
    threads = run_concurrently(threading.current_thread, 4)
    assert len(set(threads)) == 4
    assert threading.current_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)
    assert all(thread.daemon for thread in threads)


def test_all_are_there_at_once():
    together = threading.Barrier(8)
    assert sorted(run_concurrently(lambda: together.wait(LONG), iterations=3)) == sorted(
        [*range(8)] * 3
    )


def test_iterations_start_together():
    second = threading.Event()
    early = []
    calls = [AtomicInt64(), AtomicInt64()]

    def work(index):
        iteration = calls[index].incr()
        if index == 0 and iteration == 1:
            # It is not set, unless the other goes on alone.
            early.append(second.wait(0.05))
        elif index == 1 and iteration == 2:
            second.set()

    run_concurrently(work, threads=2, iterations=2, pass_index=True)
    assert early == [False]
    assert second.is_set()


class RacyCounter:
    """Reads, then writes. In between, it waits until the other has read too, or is gone."""

    def __init__(self):
        self.value = 0
        self.between = threading.Barrier(2)

    def increment(self):
        value = self.value
        self.between.wait(LONG)
        self.value = value + 1
        self.between.wait(LONG)


def test_race_is_found():
    counter = RacyCounter()
    run_concurrently(counter.increment, threads=2, iterations=5)
    assert counter.value == 5  # Of 10.


def test_race_between_two_steps_is_found():
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        counter = SimpleNamespace(value=0)

        def increment(counter=counter):
            for _ in range(20):
                value = counter.value
                # A call, where the interpreter may let another thread run.
                counter.value = int(value) + 1

        run_concurrently(increment, threads=4, iterations=2)
        if counter.value < 160:
            return
    pytest.fail("no update was lost")


def test_exceptions_come_together():
    calls = [AtomicInt64() for _ in range(4)]
    third_fails = threading.Event()

    def work(index):
        iteration = calls[index].incr() - 1
        if iteration == 2 and index == 3:
            third_fails.set()
            raise ValueError("from 3")
        if iteration == 2 and index == 1:
            # Later, but listed first.
            assert third_fails.wait(LONG)
            raise KeyError("from 1")

    with pytest.raises(ExceptionGroup, match="2 of 4 threads raised in iteration 2") as caught:
        run_concurrently(work, 4, 6, pass_index=True)
    first, second = caught.value.exceptions
    assert (type(first), first.args) == (KeyError, ("from 1",))
    assert (type(second), second.args) == (ValueError, ("from 3",))
    assert first.__notes__ == ["In thread 1, iteration 2."]
    assert second.__notes__ == ["In thread 3, iteration 2."]
    assert [call.get() for call in calls] == [3, 3, 3, 3]


def test_one_exception_is_in_a_group_too():
    with pytest.raises(ExceptionGroup) as caught:
        run_concurrently(lambda: 1 / 0, 1)
    assert [type(one) for one in caught.value.exceptions] == [ZeroDivisionError]
    assert caught.value.exceptions[0].__traceback__ is not None


def test_same_exception_from_all():
    failure = ValueError("shared")

    def fail():
        raise failure

    with pytest.raises(ExceptionGroup, match="3 of 3") as caught:
        run_concurrently(fail, 3)
    assert caught.value.exceptions == (failure,)
    assert sorted(failure.__notes__) == [f"In thread {n}, iteration 0." for n in range(3)]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_exceptions_that_end_programs(kind):
    def fail():
        raise kind

    with pytest.raises(BaseExceptionGroup) as caught:
        run_concurrently(fail, 2)
    assert not isinstance(caught.value, ExceptionGroup)
    assert [type(one) for one in caught.value.exceptions] == [kind, kind]


def test_switch_interval():
    before = sys.getswitchinterval()
    assert run_concurrently(sys.getswitchinterval, 2) == [1e-6] * 2
    assert sys.getswitchinterval() == before
    assert run_concurrently(sys.getswitchinterval, 2, switch_interval=0.25) == [0.25] * 2
    assert run_concurrently(sys.getswitchinterval, 2, switch_interval=None) == [before] * 2
    with pytest.raises(ExceptionGroup):
        run_concurrently(lambda: 1 / 0)
    assert sys.getswitchinterval() == before


def test_switch_interval_of_calls_inside_others():
    before = sys.getswitchinterval()
    before_that, inside, after = (threading.Barrier(2) for _ in range(3))

    def work(index):
        seen = [sys.getswitchinterval()]
        before_that.wait(LONG)
        if index == 0:
            inside.wait(LONG)
            after.wait(LONG)
        else:

            def inner():
                inside.wait(LONG)
                return sys.getswitchinterval()

            seen += run_concurrently(inner, 1, switch_interval=0.125)
            seen += [sys.getswitchinterval()]
            seen += run_concurrently(sys.getswitchinterval, 1, switch_interval=0.5)
            after.wait(LONG)
        return [*seen, sys.getswitchinterval()]

    results = run_concurrently(work, 2, pass_index=True, switch_interval=0.25)
    assert results == [[0.25, 0.25], [0.25, 0.125, 0.25, 0.25, 0.25]]
    assert sys.getswitchinterval() == before


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


def test_thread_that_cannot_start(monkeypatch):
    started = AtomicInt64()
    start = threading.Thread.start

    def refuse(thread):
        if started.incr() == 3:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    called = AtomicInt64()
    with pytest.raises(RuntimeError, match="start new thread"):
        run_concurrently(called.incr, 4)
    assert called == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threads", 0),
        ("threads", -1),
        ("iterations", 0),
        ("timeout", -1),
        ("timeout", float("nan")),
        ("switch_interval", 0),
        ("switch_interval", float("nan")),
        ("switch_interval", float("inf")),
    ],
)
def test_bad_arguments(name, value):
    called = AtomicInt64()
    with pytest.raises(ValueError, match=name):
        run_concurrently(called.incr, **{name: value})
    assert called == 0


@pytest.mark.parametrize("name", ["threads", "iterations", "timeout", "switch_interval"])
def test_arguments_of_wrong_types(name):
    with pytest.raises(TypeError):
        run_concurrently(int, **{name: "3"})


def test_examples_of_docstrings():
    tested = doctest.testmod(testing)
    assert tested.attempted >= 4
    assert tested.failed == 0


# Trials


class Log(list):
    """What each trial did, by the state that it had."""

    def setup(self):
        self.append([])
        return self[-1]

    def work(self, state):
        state.append("work")

    def check(self, state):
        assert state is self[-1]
        state.append("check")


def test_each_trial_has_a_new_state():
    log = Log()
    assert run_trials(log.setup, log.work, log.check, threads=3, trials=5) is None
    assert log == [["work"] * 3 + ["check"]] * 5


def test_one_trial_of_one_thread():
    log = Log()
    run_trials(log.setup, log.work, log.check, threads=1, trials=1)
    assert log == [["work", "check"]]


def failing(function, at):
    """The function, and an error when it is called for the `at`th time."""
    calls = AtomicInt64()

    def call(*args):
        result = function(*args)
        if calls.incr() == at:
            raise LookupError(at)
        return result

    return call


@pytest.mark.parametrize("part", ["setup", "work", "check"])
def test_first_trial_that_fails_is_the_last(part):
    log = Log()
    parts = {"setup": log.setup, "work": log.work, "check": log.check}
    parts[part] = failing(parts[part], 5 if part == "work" else 3)
    with pytest.raises(ExceptionGroup, match="trial 2 of 9 failed") as caught:
        run_trials(*parts.values(), threads=2, trials=9, seed=7)
    (error,) = caught.value.exceptions
    assert isinstance(error, LookupError)
    assert caught.value.__notes__ == ["The seed was 7."]
    place = r"In thread [01], trial 2\." if part == "work" else rf"In {part} of trial 2\."
    assert re.fullmatch(place, error.__notes__[0])
    finished = ["work", "work", "check"]
    assert log[:2] == [finished, finished]
    last = {"setup": [], "work": ["work", "work"], "check": finished}
    assert log[2:] == [last[part]]


def test_check_that_returns_false():
    for answer in (True, None, 0, []):
        run_trials(list, lambda state: None, lambda state, answer=answer: answer, trials=2)
    with pytest.raises(ExceptionGroup) as caught:
        run_trials(lambda: "a state", lambda state: None, lambda state: False)
    assert str(caught.value.exceptions[0]) == "check returned False for 'a state'"
    assert caught.value.message == "trial 0 of 100 failed"


def test_seed_draws_the_switch_intervals():
    def drawn(seed):
        seen = []
        run_trials(
            lambda: seen.append(sys.getswitchinterval()),
            lambda state: None,
            lambda state: None,
            threads=1,
            trials=20,
            seed=seed,
        )
        return seen

    before = sys.getswitchinterval()
    assert drawn(1) == drawn(1) != drawn(2)
    assert all(1e-6 <= interval <= 5e-3 for interval in drawn(1))
    assert sys.getswitchinterval() == before
    with pytest.raises(ExceptionGroup) as one:
        run_trials(list, lambda state: None, lambda state: False)
    with pytest.raises(ExceptionGroup) as other:
        run_trials(list, lambda state: None, lambda state: False)
    assert one.value.__notes__ != other.value.__notes__


def test_trial_that_hangs():
    released = threading.Event()
    with pytest.raises(TimeoutError) as caught:
        run_trials(list, lambda state: released.wait(), print, threads=2, timeout=0.2, seed=3)
    released.set()
    assert caught.value.__notes__[-1] == "The seed was 3."


def test_state_does_not_outlive_its_trial():
    class State:
        pass

    states = []

    def setup():
        state = State()
        states.append(weakref.ref(state))
        return state

    def check(state):
        # All but this one.
        assert all(map(collected, states[:-1]))

    run_trials(setup, lambda state: None, check, threads=2, trials=5)
    assert all(map(collected, states))


@pytest.mark.parametrize(
    ("name", "value"), [("threads", 0), ("trials", 0), ("timeout", -1), ("timeout", float("nan"))]
)
def test_trials_out_of_range(name, value):
    with pytest.raises(ValueError, match=name):
        run_trials(list, print, print, **{name: value})


# The GIL


def test_gil_that_is_on_is_told():
    script = (
        "import warnings\n"
        "from ft_utils.testing import run_concurrently, run_trials\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    run_concurrently(int, 2)\n"
        "    run_trials(list, len, len, 2, 1)\n"
        f"assert len(caught) == {2 * FREE_THREADED}, caught\n"
        "for warning in caught:\n"
        "    assert 'the GIL is on' in str(warning.message)\n"
        "    assert warning.category is RuntimeWarning\n"
        "    assert warning.filename == '<string>', warning.filename\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHON_GIL": "1"} if FREE_THREADED else None,
        capture_output=True,
        text=True,
        timeout=2 * LONG,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
