"""ft_utils.testing.run_concurrently: arguments and results."""

import doctest
import inspect
import os
import subprocess
import sys
import threading

import pytest
from ft_utils import AtomicInt64, testing
from ft_utils.testing import run_concurrently
from helpers.builds import FREE_THREADED
from helpers.limits import LONG

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
