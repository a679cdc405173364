"""Values that are computed once, by threads and by tasks."""

import asyncio
import threading
import time
import traceback

import pytest
from ft_utils import ConcurrentCache
from helpers.limits import LONG
from helpers.threads import Task, run_threads


def test_threads_and_loops_compute_once():
    cache, calls = ConcurrentCache(10), []
    start = threading.Barrier(18)

    def compute():
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return 42

    async def compute_async():
        calls.append(threading.get_ident())
        await asyncio.sleep(0.05)
        return 42

    async def ask():
        start.wait(LONG)
        return await asyncio.gather(
            *(cache.get_or_compute_async("key", compute_async) for _ in range(50))
        )

    def work(me):
        if me < 2:
            assert asyncio.run(ask()) == [42] * 50
        else:
            start.wait(LONG)
            assert cache.get_or_compute("key", compute) == 42

    run_threads(18, work)
    assert len(calls) == 1


def test_a_failure_hands_over():
    cache, turn = ConcurrentCache(10), threading.Event()

    def fail():
        turn.wait(LONG)
        raise ValueError("mine")

    first = Task(cache.get_or_compute, "key", fail).until_asleep()
    others = [Task(cache.get_or_compute, "key", lambda: 7).until_asleep() for _ in range(3)]
    turn.set()
    with pytest.raises(ValueError, match="mine"):
        first.result()
    assert [task.result() for task in others] == [7] * 3
    assert cache["key"] == 7


def test_errors_are_kept_if_asked():
    calls = []

    def fail():
        calls.append(1)
        raise ValueError("kept")

    cache = ConcurrentCache(10, cache_errors=60)
    for _ in range(3):
        with pytest.raises(ValueError, match="kept"):
            cache.get_or_compute("key", fail)
    assert len(calls) == 1
    assert "key" not in cache
    assert cache.get("key") is None
    assert list(cache) == cache.items() == []
    cache["key"] = 1
    assert cache.get_or_compute("key", fail) == 1

    with pytest.raises(KeyboardInterrupt):
        cache.get_or_compute("other", interrupt)
    assert cache.get_or_compute("other", lambda: 2) == 2


def interrupt():
    raise KeyboardInterrupt


class Uncopyable(Exception):
    def __init__(self, one, two):
        super().__init__(one + two)


@pytest.mark.parametrize(("kind", "args"), [(ValueError, (3,)), (Uncopyable, (1, 2))])
def test_tracebacks_of_kept_errors_do_not_grow(kind, args):
    cache, lengths = ConcurrentCache(10, cache_errors=60), []

    def fail():
        raise kind(*args)

    for _ in range(5):
        with pytest.raises(kind) as caught:
            cache.get_or_compute("key", fail)
        assert caught.value.args == (3,)
        lengths.append(len([*traceback.walk_tb(caught.value.__traceback__)]))
    # The first one has the frame of the function, too.
    assert lengths == [2, 1, 1, 1, 1]


def test_interruption_of_a_copy():
    class Slow(Exception):
        def __reduce_ex__(self, _protocol):
            raise KeyboardInterrupt

    def fail():
        raise Slow

    cache = ConcurrentCache(10, cache_errors=60)
    with pytest.raises(KeyboardInterrupt):
        cache.get_or_compute("key", fail)
    assert cache.get_or_compute("key", lambda: 1) == 1


def test_a_removal_is_final():
    cache, inside, go = ConcurrentCache(10), threading.Event(), threading.Event()

    def compute():
        inside.set()
        go.wait(LONG)
        return "old"

    leader = Task(cache.get_or_compute, "key", compute)
    inside.wait(LONG)
    cache.pop("key", None)
    go.set()
    assert leader.result() == "old"
    assert "key" not in cache


def test_a_timeout():
    cache, inside, go = ConcurrentCache(10), threading.Event(), threading.Event()

    def compute():
        inside.set()
        go.wait(LONG)
        return 1

    leader = Task(cache.get_or_compute, "key", compute)
    inside.wait(LONG)
    with pytest.raises(TimeoutError, match="still computing"):
        cache.get_or_compute("key", lambda: 2, timeout=0.01)
    go.set()
    assert leader.result() == 1


def test_asking_for_the_same_key_inside():
    cache = ConcurrentCache(10)
    with pytest.raises(RuntimeError, match="wait for itself"):
        cache.get_or_compute("key", lambda: cache.get_or_compute("key", int))
    assert cache.get_or_compute("key", lambda: 1) == 1


async def coroutine_function():
    return 5


def test_coroutines_are_refused():
    cache = ConcurrentCache(10)
    with pytest.raises(TypeError, match="get_or_compute_async"):
        cache.get_or_compute("key", coroutine_function)
    assert "key" not in cache
    assert asyncio.run(cache.get_or_compute_async("key", coroutine_function)) == 5


def test_stale_values_are_used_meanwhile():
    now = [0.0]
    cache = ConcurrentCache(10, ttl=10, stale=10, timer=lambda: now[0])
    cache["key"] = "old"
    now[0] = 12
    inside, go = threading.Event(), threading.Event()

    def compute():
        inside.set()
        go.wait(LONG)
        return "new"

    leader = Task(cache.get_or_compute, "key", compute)
    inside.wait(LONG)
    assert cache.get_or_compute("key", lambda: "another") == "old"
    assert cache.get("key") is None
    go.set()
    assert leader.result() == "new"
    assert cache["key"] == "new"
    now[0] = 25
    # A value that is stale is better than none.
    assert cache.get_or_compute("key", lambda: 1 / 0) == "new"


def test_refresh():
    cache = ConcurrentCache(10)
    assert cache.refresh("key", lambda: 1) == 1
    assert cache.refresh("key", lambda: 2) == 2
    with pytest.raises(ZeroDivisionError):
        cache.refresh("key", lambda: 1 / 0)
    assert cache["key"] == 2


def test_a_cancelled_leader_hands_over():
    cache = ConcurrentCache(10)

    async def hang():
        await asyncio.sleep(LONG)

    async def quick():
        return 3

    async def main():
        leader = asyncio.create_task(cache.get_or_compute_async("key", hang))
        await asyncio.sleep(0)
        others = [asyncio.create_task(cache.get_or_compute_async("key", quick)) for _ in range(3)]
        await asyncio.sleep(0)
        leader.cancel()
        assert await asyncio.gather(*others) == [3, 3, 3]
        with pytest.raises(asyncio.CancelledError):
            await leader

    asyncio.run(main())


def test_errors_of_tasks_are_kept_if_asked():
    cache, calls = ConcurrentCache(10, cache_errors=60), []

    async def fail():
        calls.append(1)
        raise ValueError("kept")

    async def main():
        asked = [cache.get_or_compute_async("key", fail) for _ in range(4)]
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(error) for error in asyncio.run(main())] == [ValueError] * 4
    assert len(calls) == 1
