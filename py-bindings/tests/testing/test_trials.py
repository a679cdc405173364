"""ft_utils.testing.run_concurrently: trials."""

import re
import sys
import threading
import weakref

import pytest
from ft_utils.testing import run_trials
from helpers.objects import collected

from .shared import failing

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, changes the switch interval")


class Log(list):
    """A log of each trial, by its state."""

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
