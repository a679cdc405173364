"""ft_utils.benchmark_utils: the frame for benchmarks."""

import argparse
import sys
import threading
from typing import ClassVar

import pytest
from ft_utils import benchmark_utils
from ft_utils.benchmark_utils import (
    BenchmarkProvider,
    benchmark_operation,
    execute_benchmarks,
    parse_arguments,
    worker,
)
from helpers.threads import Task, run_threads

# Seeds, arguments, the interval and what is printed belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="changes the state of the process")


def arguments(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["program", *words])


def test_arguments(monkeypatch):
    arguments(monkeypatch)
    assert parse_arguments("what it does") == argparse.Namespace(
        operations=1000, threads=16, switch_interval=0.001
    )
    arguments(monkeypatch, "--operations", "5", "--threads=2", "--switch_interval", "0.5")
    assert vars(parse_arguments("")) == {"operations": 5, "threads": 2, "switch_interval": 0.5}


@pytest.mark.parametrize(
    "words",
    [
        ["--threads", "0"],
        ["--threads", "x"],
        ["--operations", "-1"],
        ["--switch_interval", "0"],
        ["--switch_interval", "nan"],
        ["--switch_interval", "inf"],
        ["other"],
    ],
)
def test_bad_arguments(monkeypatch, capsys, words):
    arguments(monkeypatch, *words)
    with pytest.raises(SystemExit) as caught:
        parse_arguments("")
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert words[-1] in error
    assert "_positive" not in error


def test_description_is_shown(monkeypatch, capsys):
    arguments(monkeypatch, "--help")
    with pytest.raises(SystemExit):
        parse_arguments("what it does")
    assert "what it does" in capsys.readouterr().out


def test_one_operation():
    calls = []
    seconds = benchmark_operation(lambda: calls.append(1))
    assert calls == [1]
    assert type(seconds) is float
    assert seconds >= 0


def test_parameters_have_the_names_of_the_reference():
    assert benchmark_operation(operation_func=int) >= 0
    assert len(worker(operation_func=int, barrier=threading.Barrier(1))) == 5


def test_worker():
    calls = []
    barrier = threading.Barrier(2)

    def work(_):
        return worker(lambda: calls.append(barrier.n_waiting), barrier)

    results = run_threads(2, work)
    assert [len(result) for result in results] == [5, 5]
    assert calls == [0] * 10


class Provider(BenchmarkProvider):
    """What this measures."""

    made: "ClassVar[list[Provider]]"

    def __init__(self, operations):
        super().__init__(operations)
        self.calls = []
        self.intervals = set()
        self.made.append(self)

    def set_up(self):
        self.calls.append("set_up")

    def benchmark_second(self):
        self.calls.append("second")

    def benchmark_first(self):
        self.intervals.add(sys.getswitchinterval())
        self.calls.append("first")

    def other(self):
        raise AssertionError


def test_execution(monkeypatch, capsys):
    class Mine(Provider):
        made: ClassVar = []

    before = sys.getswitchinterval()
    arguments(monkeypatch, "--threads", "3", "--operations", "7", "--switch_interval", "0.25")
    assert execute_benchmarks(Mine) is None
    (provider,) = Mine.made
    assert provider._operations == 7
    assert provider.calls == ["set_up", *["first"] * 15, "set_up", *["second"] * 15]
    assert provider.intervals == {0.25}
    assert sys.getswitchinterval() == before
    out = capsys.readouterr().out
    assert "Mine" in out
    lines = [line for line in out.splitlines() if line.startswith("benchmark_")]
    assert [line.split()[0] for line in lines] == ["benchmark_first", "benchmark_second"]
    for line in lines:
        _, highest, mean, lowest = (float(part or 0) for part in [0, *line.split()[2::2]])
        assert lowest <= mean <= highest


@pytest.mark.parametrize("error", [IndexError, LookupError, KeyboardInterrupt])
def test_errors_pass_through(monkeypatch, error):
    class Failing(BenchmarkProvider):
        def benchmark_it(self):
            raise error("me")

    before = sys.getswitchinterval()
    arguments(monkeypatch, "--threads", "2", "--switch_interval", "0.25")
    with pytest.raises(error, match="me"):
        execute_benchmarks(Failing)
    assert sys.getswitchinterval() == before


def test_thread_that_cannot_be_started_is_not_waited_for(monkeypatch):
    submit = benchmark_utils.ThreadPoolExecutor.submit
    calls = []

    def fail_at_the_third(self, fn, /, *args):
        calls.append(fn)
        if len(calls) == 3:
            raise RuntimeError("can't start new thread")
        return submit(self, fn, *args)

    class Waiting(BenchmarkProvider):
        def benchmark_nothing(self):
            pass

    monkeypatch.setattr(benchmark_utils.ThreadPoolExecutor, "submit", fail_at_the_third)
    arguments(monkeypatch, "--threads", "4")
    task = Task(execute_benchmarks, Waiting)
    with pytest.raises(RuntimeError, match="can't start"):
        task.result()


def test_no_benchmarks(monkeypatch, capsys):
    arguments(monkeypatch)
    execute_benchmarks(BenchmarkProvider)
    assert "BenchmarkProvider" in capsys.readouterr().out
