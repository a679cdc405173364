"""ft_compat.h: mutexes and critical sections."""

import subprocess
import sys
import threading

import pytest
from helpers.limits import LONG, VERY_LONG
from helpers.threads import Task, run_threads

from .shared import THREADS

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


def test_mutex(module):
    module.mutex_basics()


def test_mutex_among_threads(module):
    rounds = 300
    counts = [module.mutex_count, module.mutex_count_detached]
    run_threads(THREADS, lambda index: counts[index % 2](rounds))
    assert module.take_count() == THREADS * rounds
    assert not module.mutex_is_locked()


def test_mutex_with_a_thread_that_python_does_not_know(module):
    rounds = module.mutex_count_foreign(3_000)
    assert rounds >= 3_000
    assert module.take_count() == rounds


def test_mutex_is_waited_for_detached(module):
    # The waiting thread lets the holder go on, which needs the interpreter.
    held, let_go = threading.Event(), threading.Event()

    def hold() -> bool:
        held.set()
        assert let_go.wait(LONG)
        return module.mutex_is_locked()

    holder = Task(module.mutex_hold, hold)
    assert held.wait(LONG)
    waiters = [Task(module.mutex_count, 1), Task(module.mutex_count_detached, 1)]
    for waiter in waiters:
        waiter.until_asleep()
        assert not waiter.is_done()
    assert module.take_count() == 0
    let_go.set()
    assert holder.result() is True
    for waiter in waiters:
        waiter.result()
    assert module.take_count() == 2
    assert not module.mutex_is_locked()


def test_unlocking_an_unlocked_mutex_is_fatal(sites):
    site = sites["setuptools"]
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n"
    code += "import compat_c; compat_c.mutex_unlock()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG, check=False
    )
    assert done.returncode < 0
    assert "not locked" in done.stderr


def test_critical_sections(module):
    rounds = 300
    a, b = [], []
    run_threads(THREADS, lambda _: module.section_count(rounds, a, b))
    assert module.take_count() == THREADS * rounds * 5


def test_critical_sections_of_mutexes(module):
    rounds = 300
    run_threads(THREADS, lambda _: module.section_count_mutex(rounds))
    assert module.take_count() == THREADS * rounds * 4
    assert not module.mutex_is_locked()
