"""The Std queues: task_done() and join()."""

import pytest
from ft_utils.concurrency import AtomicInt64, Full, ShutDown
from helpers.threads import Task, run_threads

from .shared import EACH, TOO_MANY, filled


@EACH
def test_task_done_too_often(kind):
    q = kind()
    for _ in range(3):
        with pytest.raises(ValueError, match=TOO_MANY):
            q.task_done()
        assert q.unfinished_tasks == 0
    q.join()
    # Without a get, too: as in queue.Queue.
    q.put(1)
    q.task_done()
    with pytest.raises(ValueError, match=TOO_MANY):
        q.task_done()
    q.join()
    assert q.qsize() == 1


@EACH
def test_refused_items_are_no_tasks(kind):
    q = filled(kind, [1], maxsize=1)
    q.task_done()
    for call in (lambda: q.put_nowait(2), lambda: q.push_many([2], 0), lambda: q.try_push(2)):
        with pytest.raises(Full):
            call()
        assert q.unfinished_tasks == 0
        with pytest.raises(ValueError, match=TOO_MANY):
            q.task_done()
    q.shutdown()
    with pytest.raises(ShutDown):
        q.put(2)
    assert q.unfinished_tasks == 0


@EACH
def test_join_waits_for_the_last(kind):
    q = filled(kind, range(3))
    joins = [Task(q.join), Task(q.handle().join)]
    for _ in range(3):
        for join in joins:
            assert not join.until_asleep().is_done()
        q.get()
        q.task_done()
    for join in joins:
        join.result()


@EACH
@pytest.mark.parametrize("maxsize", [0, 2])
def test_join_means_done(kind, maxsize):
    q, done = kind(maxsize), AtomicInt64()
    n_items = 300

    def work(index):
        mine = q.handle()
        if index == 0:
            for round in range(n_items):
                mine.put(round)
                if round % 10 == 9:
                    mine.join()
                    assert done.get() == round + 1
            return mine.shutdown()
        while True:
            try:
                mine.get()
            except ShutDown:
                return None
            done.incr()
            mine.task_done()

    run_threads(4, work)
    assert (done.get(), q.unfinished_tasks) == (n_items, 0)


@EACH
def test_one_task_done_too_many_among_threads(kind):
    """Of many calls exactly as many succeed as there are tasks, though puts fail all the time."""
    q = filled(kind, [0], maxsize=1)
    n_tasks = 100
    n_refused = AtomicInt64()

    def work(index):
        mine = q.handle()
        if index == 0:
            for _ in range(2000):
                with pytest.raises(Full):
                    mine.put_nowait(1)
            return 0
        for _ in range(2000):
            try:
                mine.task_done()
            except ValueError:
                n_refused.incr()
        return 0

    for _ in range(n_tasks - 1):
        assert q.get() == 0
        q.put(0)
    assert q.unfinished_tasks == n_tasks
    run_threads(3, work)
    assert n_refused == 2 * 2000 - n_tasks
    assert q.unfinished_tasks == 0
