"""refcount.rs beside Py_IncRef and Py_DecRef: many threads that count one object."""

import shutil
from types import ModuleType

import pytest
from helpers.builds import FREE_THREADED
from helpers.limits import VERY_LONG
from helpers.threads import Task, run_threads, wait_until

from .shared import Made, thread_id, total

pytestmark = [
    pytest.mark.skipif(not FREE_THREADED, reason="with a GIL, PyO3's functions are used"),
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.thread_unsafe(reason="other threads could take the place of one that is over"),
    pytest.mark.timeout(VERY_LONG),
]

QUEUED = 2


def give_up_the_last(ext: ModuleType, made: Made) -> None:
    ((tid, _, shared),) = ext.count(made.address, "", False, made.deaths)
    # An object that is queued for a waiting thread may stay queued until the thread goes on.
    if shared & 3 != QUEUED or tid == thread_id(ext):
        wait_until(lambda: total(ext, made) == 1)
    assert not made.deaths
    ext.give_up(made.address, 1)


def test_many_threads_count_one(ext, made):
    # The one that made it too, if it is this one.
    tasks = [Task(ext.back_and_forth, made.address, 50_000) for _ in range(3)]
    for _ in range(50):
        ext.back_and_forth(made.address, 1000)
    for task in tasks:
        task.result()
    give_up_the_last(ext, made)


def test_one_adds_and_others_give_up(ext, made):
    times, threads = 2000, 3
    ext.add(made.address, times * threads)

    def give_up(_: int) -> None:
        for _ in range(times):
            ext.give_up(made.address, 1)

    task = Task(run_threads, threads, give_up)
    for _ in range(50):
        ext.back_and_forth(made.address, 100)
    task.result()
    give_up_the_last(ext, made)
