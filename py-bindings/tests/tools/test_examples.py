"""The examples: each runs, with small arguments, ends well and says what it should."""

import subprocess
import sys

import pytest
from helpers.limits import LONG
from helpers.places import BINDINGS

EXAMPLES = BINDINGS / "examples"

# Processes take the time of others.
pytestmark = pytest.mark.thread_unsafe(reason="starts processes")

ARGUMENTS = {
    "cached_service.py": ["--threads", "4", "--requests", "20", "--size", "9", "--delay", "5"],
    "consistent_counter.py": ["--threads", "2", "--counts", "2000"],
    "fibonacci.py": ["--threads", "2", "--largest", "50", "--rounds", "2"],
    "histogram.py": ["--threads", "2", "--blocks", "20", "--size", "50"],
    "index_stdlib.py": ["--threads", "2", "--files", "3", "--seconds", "1"],
    "pipeline.py": ["--threads", "2", "--files", "20", "--delay", "1"],
}


def run(name, *words):
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *words],
        capture_output=True,
        text=True,
        timeout=2 * LONG,
        check=False,
    )


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_runs(name):
    done = run(name, *ARGUMENTS.get(name, []))
    assert done.returncode == 0, done
    assert done.stderr == ""
    assert done.stdout


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_refuses_bad_arguments(name):
    for words in (["--threads", "0"], ["--other"]):
        done = run(name, *words)
        assert done.returncode == 2
        assert "usage" in done.stderr


def test_counters():
    lines = run("consistent_counter.py", "--threads", "3", "--counts", "1000").stdout.splitlines()
    for name in ("LockedCounter", "AtomicCounter", "HandleCounter"):
        (line,) = (line for line in lines if line.startswith(name))
        assert line.split()[1:3] == ["3,000", "3,000"]
        assert "not consistent" not in line


def test_counters_are_judged():
    """A counter that claims to be consistent, and is not, ends with status 1."""
    code = f"""
import runpy, sys
sys.argv = ["program", "--threads", "1", "--counts", "10"]
names = runpy.run_path({str(EXAMPLES / "consistent_counter.py")!r})
class Broken(names["PlainCounter"]):
    def incr(self):
        return max(super().incr(), 2)
names["KINDS"][Broken] = True
sys.exit(names["main"]())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert done.stdout.splitlines()[-1].endswith("not consistent")


@pytest.mark.parametrize("mode", ["dict", "shared", "local"])
def test_fibonacci(mode):
    done = run("fibonacci.py", "--mode", mode, "--largest", "90", "--threads", "3", "--rounds", "2")
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:-1]] == [mode]
    # At least once each, at most once in each thread.
    assert 89 <= float(lines[2].split()[-1]) <= 3 * 89
    assert lines[-1] == "number 90 has 19 digits and ends in 816120"


def test_cached_service():
    """If there is room for all pages, each is fetched once, however many ask at the same time."""
    done = run("cached_service.py", "--requests", "20", "--pages", "5", "--delay", "50")
    assert done.returncode == 0, done
    line = done.stdout.splitlines()[2]
    assert line.split()[:3] == ["ConcurrentCache", "98.4%", "5"]


def test_histogram():
    done = run("histogram.py", "--threads", "3", "--blocks", "40", "--size", "10")
    assert done.returncode == 0, done
    lines = [line.split() for line in done.stdout.splitlines() if not line.startswith("#")]
    counts = [float(count) for name, count in lines if "_bucket" in name]
    assert counts == sorted(counts)
    assert lines[len(counts) - 1][0] == 'sort_seconds_bucket{le="+Inf"}'
    assert lines[len(counts)] == ["sort_seconds_count", "120.0"]
    assert counts[-1] == 120
    assert lines[-1][0] == "sort_seconds_sum" and float(lines[-1][1]) > 0


def test_pipeline():
    """Only the run without an error is complete, and each error is raised once, with its place."""
    done = run("pipeline.py", "--tracebacks")
    assert done.returncode == 0, done
    runs = [line for line in done.stdout.splitlines() if " rows, " in line]
    assert [line.split(" rows, ")[1].split(";")[0] for line in runs] == ["complete"] + 2 * [
        "partial"
    ]
    assert runs[0].split()[-3] == "500"
    assert "in read()" in runs[1] and "in write()" in runs[2]
    assert done.stdout.count("Bad: ") == 2


def test_fibonacci_too_large():
    done = run("fibonacci.py", "--largest", "801")
    assert done.returncode == 2
    assert "not from 1 to 800" in done.stderr
