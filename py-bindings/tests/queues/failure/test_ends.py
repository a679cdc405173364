"""fail() of all queues: the items that are left, and the threads that wait."""

import pytest
from ft_utils.concurrency import ConcurrentQueue, QueueFailed, ShutDown
from helpers.limits import LONG
from helpers.threads import Task, run_threads

from queues.kinds import EACH

from .shared import BAD_ROW, failed, filled


def pushes(q):
    calls = [lambda: q.push(1), lambda: q.push(1, 5), lambda: q.try_push(1)]
    if hasattr(q, "put"):
        calls += [lambda: q.put(1), lambda: q.put(1, timeout=-1), lambda: q.put_nowait(1)]
    return calls


def pops(q):
    calls = [q.pop, lambda: q.pop(0), q.try_pop, lambda: q.pop_many(2), q.pop_local]
    calls += [lambda: next(iter(q)), lambda: list(q)]
    if hasattr(q, "get"):
        calls += [q.get, lambda: q.get(timeout=-1), q.get_nowait]
    return calls


@EACH
def test_what_is_left_comes_first(kind):
    error = ValueError("bad row")
    q = filled(kind, 1, 2, maxsize=3)
    assert q.failure is None
    assert q.fail(exception=error) is None
    assert q.failure is error
    assert q.is_shutdown
    for call in pushes(q):
        with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
            call()
        assert caught.value.__cause__ is error
    assert sorted(q.drain()) == [1, 2]
    for call in pops(q):
        with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
            call()
        assert caught.value.__cause__ is error


@EACH
def test_items_left_are_seen(kind):
    q = failed(filled(kind, 1, 2))
    assert sorted([q.pop(), *q.drain()]) == [1, 2]
    q = failed(filled(kind, 1, 2))
    got = []
    with pytest.raises(QueueFailed):
        for item in q:
            got.append(item)
    assert sorted(got) == [1, 2]


@EACH
def test_push_many_returns_the_rest(kind):
    q = failed(kind())
    with pytest.raises(QueueFailed) as caught:
        q.push_many("ab")
    assert caught.value.remaining == ["a", "b"]


@EACH
def test_failure_wakes_everyone(kind):
    for lock_free in {False, kind is ConcurrentQueue}:
        options = {"lock_free": True} if lock_free else {}
        empty, full = kind(**options), kind(maxsize=1, **options)
        full.push(0)
        handle = empty.handle()
        tasks = [Task(empty.pop), Task(handle.pop, LONG), Task(empty.pop_many, 3)]
        tasks += [Task(list, empty), Task(full.push, 1), Task(full.push_many, [1, 2])]
        if kind is not ConcurrentQueue:
            tasks += [Task(empty.get), Task(full.put, 1), Task(full.join)]
        for task in tasks:
            task.until_asleep()
        error = ValueError("bad row")
        handle.fail(error)
        failed(full, error)
        seen = []
        for task in tasks:
            with pytest.raises(QueueFailed, match=BAD_ROW) as caught:
                task.result()
            seen.append(caught.value)
        # Each has one of its own, for threads that add to its traceback.
        assert len({id(one) for one in seen}) == len(seen)
        assert {id(one.__cause__) for one in seen} == {id(error)}
        assert empty.failure is error


@EACH
def test_first_end_stays(kind):
    first = ValueError("bad row")
    q = failed(kind(), first)
    q.fail(LookupError())
    q.shutdown()
    assert q.failure is first
    with pytest.raises(QueueFailed, match=BAD_ROW):
        q.pop()
    q = kind()
    q.shutdown()
    q.fail(first)
    assert q.failure is None
    with pytest.raises(ShutDown):
        q.pop()
    assert list(q) == []
    assert "shut down" in repr(q)


@EACH
def test_ends_that_race(kind):
    """One of them decides, and everybody is told the same."""
    for _ in range(30):
        q = kind()

        def end(index, q=q):
            q.shutdown() if index % 2 else q.fail(ValueError("bad row"))
            try:
                q.pop()
            except (QueueFailed, ShutDown) as error:
                return type(error)

        assert len({*run_threads(4, end), ShutDown if q.failure is None else QueueFailed}) == 1


@EACH
def test_shutdown_may_drop_the_rest(kind):
    q = failed(filled(kind, 1, 2))
    q.shutdown(immediate=True)
    with pytest.raises(QueueFailed):
        q.pop()
