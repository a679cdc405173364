"""ConcurrentDict: factories that several threads wait for."""

import threading

import pytest
from ft_utils.concurrency import AtomicInt64, ConcurrentDict
from helpers.threads import Task, run_threads

from .shared import ROUNDS, THREADS, Key


@pytest.mark.parametrize("key", [str, lambda n: Key(n)], ids=["str", "Key"])
def test_factory_runs_once(key):
    d, calls = ConcurrentDict(), AtomicInt64()

    def factory():
        return (calls.incr(),)

    def work(_):
        return [d.get_or_insert(key(n), factory) for n in range(ROUNDS // 5)]

    results = run_threads(THREADS, work)
    assert calls == ROUNDS // 5
    for others in results[1:]:
        assert all(one is other for one, other in zip(results[0], others, strict=True))


def test_followers_wait_for_the_leader():
    d, entered, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        entered.set()
        assert go.wait(30)
        return "value"

    leader = Task(d.get_or_insert, "k", factory)
    assert entered.wait(30)
    followers = [Task(d.get_or_insert, "k", lambda: 1 / 0).until_asleep() for _ in range(3)]
    # Other keys, and other operations on this one, do not wait.
    assert d.get_or_insert("other", lambda: 1) == 1
    assert d.get("k") is None
    assert not any(follower.is_done() for follower in followers)
    go.set()
    assert leader.result() == "value"
    assert [follower.result() for follower in followers] == ["value"] * 3


def test_follower_takes_over():
    d, entered, go = ConcurrentDict(), threading.Event(), threading.Event()

    def fail():
        entered.set()
        assert go.wait(30)
        raise LookupError("the leader")

    leader = Task(d.get_or_insert, "k", fail)
    assert entered.wait(30)
    calls = AtomicInt64()
    followers = [Task(d.get_or_insert, "k", calls.incr).until_asleep() for _ in range(3)]
    go.set()
    with pytest.raises(LookupError, match="the leader"):
        leader.result()
    assert [follower.result() for follower in followers] == [1, 1, 1]
    assert calls == 1


def test_leader_keeps_what_others_stored():
    d, entered, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        entered.set()
        assert go.wait(30)
        return "mine"

    leader = Task(d.get_or_insert, "k", factory)
    assert entered.wait(30)
    d["k"] = "theirs"
    assert d.get_or_insert("k", lambda: 1 / 0) == "theirs"
    go.set()
    assert leader.result() == "theirs"
    assert d["k"] == "theirs"
