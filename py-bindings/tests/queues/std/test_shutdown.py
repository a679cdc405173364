"""The Std queues: shutdown() and the items that are left."""

import weakref

import pytest
from ft_utils.concurrency import ShutDown
from helpers.objects import Thing
from helpers.threads import Task, run_threads

from .shared import EACH, TOO_MANY, filled, in_order


@EACH
def test_shutdown_lets_drain(kind):
    q = filled(kind, [1, 2], maxsize=2)
    assert not q.is_shutdown
    assert q.shutdown() is None
    assert q.is_shutdown
    for call in (
        lambda: q.put(3),
        lambda: q.put_nowait(3),
        lambda: q.put(3, timeout=0),
        lambda: q.push(3),
        lambda: q.push_many([3]),
    ):
        with pytest.raises(ShutDown) as caught:
            call()
        assert caught.value.args == ()
    assert (q.qsize(), q.full(), q.empty()) == (2, True, False)
    assert [q.get(), q.get_nowait()] == in_order(kind, [1, 2])
    for call in (
        lambda: q.get(),
        lambda: q.get_nowait(),
        lambda: q.get(timeout=0),
        lambda: q.get(timeout=0.1),
        lambda: q.pop(),
        lambda: q.try_pop(),
        lambda: q.pop_many(2),
    ):
        with pytest.raises(ShutDown):
            call()
    assert q.unfinished_tasks == 2
    q.task_done()
    q.task_done()
    q.join()


@EACH
def test_immediate_shutdown_drops(kind):
    q = filled(kind, [(n, Thing()) for n in range(3)], maxsize=3)
    held = q.get()
    reference = weakref.ref(q.peek()[1])
    q.shutdown(immediate=True)
    assert reference() is None
    assert held
    assert (q.qsize(), q.empty(), q.full(), q.is_shutdown) == (0, True, False, True)
    for _ in range(5):
        with pytest.raises(ShutDown):
            q.get_nowait()
    # Items that were taken out before still have to be done.
    assert q.unfinished_tasks == 1
    join = Task(q.join)
    assert not join.until_asleep().is_done()
    q.task_done()
    join.result()
    with pytest.raises(ValueError, match=TOO_MANY):
        q.task_done()


@EACH
@pytest.mark.parametrize("immediate", [0, 1, None, "", "yes", [], [0]])
def test_shutdown_takes_any_truth_value(kind, immediate):
    q = filled(kind, [1])
    q.shutdown(immediate)
    assert q.qsize() == (0 if immediate else 1)


@EACH
def test_shutdown_can_be_raised(kind):
    q = filled(kind, range(3))
    q.shutdown()
    q.shutdown()
    assert q.qsize() == 3
    q.shutdown(True)
    assert q.qsize() == q.unfinished_tasks == 0
    q.shutdown(False)
    assert q.is_shutdown


@EACH
def test_immediate_shutdown_after_early_task_done(kind):
    q = filled(kind, range(3))
    q.task_done()
    q.task_done()
    q.shutdown(immediate=True)
    assert q.unfinished_tasks == 0
    q.join()


@EACH
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_wakes_everyone(kind, immediate):
    q, full = kind(), filled(kind, [1], maxsize=1)
    calls = [Task(q.get), Task(q.get, timeout=1000), Task(q.pop_many, 3)]
    calls += [Task(full.put, 2), Task(full.put, 2, timeout=1000), Task(full.push, 2)]
    for call in calls:
        call.until_asleep()
    q.shutdown(immediate)
    full.shutdown(immediate)
    for call in calls:
        with pytest.raises(ShutDown):
            call.result()
    assert full.qsize() == (0 if immediate else 1)


@EACH
def test_immediate_shutdown_releases_join(kind):
    q = filled(kind, range(5))
    joins = [Task(q.join).until_asleep() for _ in range(3)]
    assert not any(join.is_done() for join in joins)
    q.handle().shutdown(immediate=True)
    for join in joins:
        join.result()


@EACH
def test_put_then_shutdown_loses_nothing(kind):
    for _ in range(20):
        q = kind()
        get = Task(q.get).until_asleep()
        q.put(1)
        q.shutdown()
        assert get.result() == 1
        q.task_done()
        q.join()


@EACH
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_among_threads(kind, immediate):
    """Each item is delivered, dropped or refused, and the tasks add up."""
    for _ in range(20):
        q = kind(4)

        def work(index, q=q):
            mine, count = q.handle(), 0
            try:
                while True:
                    if index == 0:
                        if count == 30:
                            mine.shutdown(immediate)
                            return 0
                        mine.put(count)
                        count += 1
                    elif index < 3:
                        mine.put(count)
                        count += 1
                    else:
                        mine.get()
                        count += 1
                        mine.task_done()
            except ShutDown:
                return count

        run_threads(5, work)
        assert q.empty()
        q.join()
        assert q.unfinished_tasks == 0
