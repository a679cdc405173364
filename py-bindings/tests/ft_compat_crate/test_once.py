"""The crate ft-compat: RaceOnce."""

import shutil
import threading

import pytest
from helpers.limits import LONG, VERY_LONG
from helpers.objects import Thing
from helpers.threads import run_threads

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


@pytest.fixture(params=["get_or_init", "get_or_try_init"])
def get(ext, request):
    """The two ways to get the value of a cell."""
    return getattr(ext.Once(), request.param)


@pytest.mark.thread_unsafe(reason="threads would share the cell")
def test_once(get):
    made = []

    def make() -> list:
        made.append([])
        return made[-1]

    assert get(make) is get(make)
    assert len(made) == 1


def test_once_that_fails(ext):
    once = ext.Once()
    with pytest.raises(ZeroDivisionError):
        once.get_or_try_init(lambda: 1 / 0)
    assert once.get_or_try_init(lambda: "value") == "value"


@pytest.mark.thread_unsafe(reason="threads would share the cell")
def test_once_within_itself(get):
    assert get(lambda: get(lambda: "inner") and "outer") == "inner"


def test_once_in_two_threads(get):
    both_are_in, late = threading.Barrier(2), []

    def make() -> Thing:
        # Neither thread waits for the other one.
        both_are_in.wait(LONG)
        return Thing(lambda: late.append(get(object)))

    one, other = run_threads(2, lambda _: get(make))
    assert one is other
    # The value that came too late has died, after the cell was set.
    assert late == [one]
    late.clear()
