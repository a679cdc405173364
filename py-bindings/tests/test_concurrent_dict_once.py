"""ConcurrentDict.get_or_insert and get_or_insert_async: values that are made once."""

import asyncio
import gc
import os
import threading
import weakref

import pytest
from ft_utils.concurrency import AtomicInt64, AtomicReference, ConcurrentDict
from support import LONG, Task, Thing, collected, run_python, run_threads


def run(main):
    return asyncio.run(asyncio.wait_for(main, LONG))


# Factories that wait for each other


def in_circle(keys, dicts):
    """Each thread makes the value of a key, and asks for the next key when all do so."""
    all_lead = threading.Barrier(len(keys))

    def ask(index):
        following = (index + 1) % len(keys)

        def factory():
            all_lead.wait(LONG)
            return 1, dicts[following].get_or_insert(keys[following], lambda: 0)

        return dicts[index].get_or_insert(keys[index], factory)

    tasks = [Task(ask, index) for index in range(len(keys))]
    errors, values = [], []
    for task in tasks:
        try:
            values.append(task.result())
        except RuntimeError as error:
            errors.append(str(error))
    return errors, values


@pytest.mark.parametrize("size", [2, 3, 5])
def test_circle_is_refused_once(size):
    d = ConcurrentDict()
    errors, values = in_circle([f"key {n}" for n in range(size)], [d] * size)
    assert len(errors) == 1
    assert errors[0].startswith("a deadlock: ")
    assert all(repr(f"key {n}") in errors[0] for n in range(size))
    assert len(values) == size - 1
    # Nothing is left behind: the keys can be made.
    assert d.get_or_insert("key 0", lambda: "new") != ()
    assert len(d) == size


def test_circle_of_dictionaries():
    one, other = ConcurrentDict(), ConcurrentDict()
    errors, values = in_circle(["key"] * 2, [one, other.handle()])
    assert len(errors) == len(values) == 1
    assert "deadlock" in errors[0]


def test_waiting_without_a_circle():
    d, go = ConcurrentDict(), threading.Event()
    last = Task(d.get_or_insert, 0, lambda: go.wait(LONG) and 0).until_asleep()

    def value(n):
        return d.get_or_insert(n, lambda: value(n // 2) + 1)

    # Each waits for an earlier one, and many for the same.
    tasks = [Task(value, n).until_asleep() for n in range(1, 20)]
    go.set()
    assert last.result() == 0
    assert [task.result() for task in tasks] == [n.bit_length() for n in range(1, 20)]


def test_names_of_keys_may_fail():
    class Odd(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __repr__(self):
            raise LookupError("no name")

    d, both = ConcurrentDict(), threading.Barrier(2)

    def ask(one, other):
        return d.get_or_insert(
            one, lambda: both.wait(LONG) * 0 or d.get_or_insert(other, lambda: 1)
        )

    tasks = [Task(ask, Odd("a"), Odd("b")), Task(ask, Odd("b"), Odd("a"))]
    errors = 0
    for task in tasks:
        try:
            task.result()
        except LookupError:
            errors += 1
    assert errors == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork_while_factories_wait():
    run_python(
        """
import os, threading
from ft_utils.concurrency import ConcurrentDict
d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()
def factory():
    leads.set()
    go.wait()
    return 1
threads = [threading.Thread(target=d.get_or_insert, args=("a", factory))]
threads[0].start()
leads.wait()
threads.append(threading.Thread(target=d.get_or_insert, args=("a", int)))
threads[1].start()
import warnings
warnings.simplefilter("ignore")
if (child := os.fork()) == 0:
    # Neither thread is here. This one makes the value, and its factory asks for another.
    ok = d.get_or_insert("a", lambda: d.get_or_insert("b", lambda: 5) + 1) == 6
    os._exit(not ok)
assert os.waitpid(child, 0)[1] == 0
go.set()
for thread in threads:
    thread.join()
assert d["a"] == 1
"""
    )


# Coroutines where values are expected


async def coroutine_function(*_args):
    return 5


class Coroutine:
    """What a compiler for Python makes of a coroutine function."""

    closed = 0

    def __await__(self):
        raise AssertionError

    def send(self, value):
        raise AssertionError

    def throw(self, *args):
        raise AssertionError

    def close(self):
        Coroutine.closed += 1


def test_coroutines_are_not_stored():
    d = ConcurrentDict(dictionary={"old": 1})
    ref, number = AtomicReference(1), AtomicInt64(1)
    calls = [
        lambda: d.get_or_insert("new", coroutine_function),
        lambda: d.get_or_insert("new", lambda: coroutine_function()),
        lambda: d.get_or_insert("new", lambda: d.get_or_insert_async("other", coroutine_function)),
        lambda: d.update_with("old", coroutine_function),
        lambda: d.update_with("new", coroutine_function, 1),
        lambda: ref.update(coroutine_function),
        lambda: number.update(coroutine_function),
    ]
    for call in calls:
        # Without the warning that it was never awaited, which would be an error.
        with pytest.raises(TypeError, match="coroutine, which can be awaited only once"):
            call()
        gc.collect()
    assert d == {"old": 1}
    assert ref.get() == number == 1


@pytest.mark.thread_unsafe(reason="counts")
def test_other_coroutines_are_not_stored():
    d, before = ConcurrentDict(), Coroutine.closed
    with pytest.raises(TypeError, match="coroutine"):
        d.get_or_insert("key", Coroutine)
    assert Coroutine.closed == before + 1
    assert not d


def test_what_can_be_awaited_often_is_stored():
    d = ConcurrentDict()

    async def main():
        task = d.get_or_insert("task", lambda: asyncio.ensure_future(coroutine_function()))
        future = d.get_or_insert("future", asyncio.get_running_loop().create_future)
        future.set_result(1)
        return [await task, await d["task"], await future, await d["future"]]

    assert run(main()) == [5, 5, 1, 1]


# Tasks


def test_async_factory():
    d, calls = ConcurrentDict(), []

    async def factory():
        calls.append(1)
        await asyncio.sleep(0)
        return "value"

    async def main():
        first = await d.get_or_insert_async("key", factory)
        return first, await d.get_or_insert_async("key", factory), d.get_or_insert("key", list)

    assert run(main()) == ("value",) * 3
    assert calls == [1]
    assert d == {"key": "value"}


def test_async_values_of_any_kind():
    d = ConcurrentDict()

    async def main():
        for value in (None, (), (1,), [], False):

            async def factory(value=value):
                return value

            assert await d.get_or_insert_async(str(value), factory) is value
            assert await d.get_or_insert_async(str(value), factory) is value

    run(main())


def test_async_wrong_arguments():
    d = ConcurrentDict()
    for args in [(), ("key",), ("key", coroutine_function, 1), ([], coroutine_function)]:
        with pytest.raises(TypeError):
            d.get_or_insert_async(*args)

    async def main():
        for factory in (None, 5, lambda: 1, lambda _: 1):
            with pytest.raises(TypeError):
                await d.get_or_insert_async("key", factory)

        async def nested():
            return coroutine_function()

        with pytest.raises(TypeError, match="coroutine"):
            await d.get_or_insert_async("key", nested)

    run(main())
    assert not d


def test_tasks_share_one_computation():
    d, calls = ConcurrentDict(), []

    async def factory():
        calls.append(1)
        await asyncio.sleep(0)
        return [len(calls)]

    async def main():
        made = await asyncio.gather(*(d.get_or_insert_async("key", factory) for _ in range(20)))
        assert made[0] == [1]
        assert all(value is made[0] for value in made)

    run(main())


def test_loops_and_threads_share_one_computation():
    d, calls = ConcurrentDict(), AtomicInt64()

    async def factory():
        await asyncio.sleep(0)
        return (calls.incr(),)

    async def main():
        keys = range(50)
        return await asyncio.gather(*(d.get_or_insert_async(key, factory) for key in keys))

    def work(index):
        if index % 2:
            return run(main())
        return [d.get_or_insert(key, lambda: (calls.incr(),)) for key in range(50)]

    results = run_threads(4, work)
    assert calls == 50
    for others in results[1:]:
        assert all(one is other for one, other in zip(results[0], others, strict=True))


def test_thread_waits_for_a_task():
    d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()

    async def factory():
        leads.set()
        while not go.is_set():
            await asyncio.sleep(0.001)
        return "task"

    async def main():
        return await d.get_or_insert_async("key", factory)

    leader = Task(lambda: run(main()))
    assert leads.wait(LONG)
    follower = Task(d.get_or_insert, "key", lambda: 1 / 0).until_asleep()
    assert not follower.is_done()
    go.set()
    assert leader.result() == follower.result() == "task"


@pytest.mark.parametrize("fails", [False, True])
def test_task_waits_for_a_thread(fails):
    d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        leads.set()
        assert go.wait(LONG)
        if fails:
            raise LookupError
        return 5

    leader = Task(d.get_or_insert, "key", factory)
    assert leads.wait(LONG)

    async def main():
        task = asyncio.create_task(d.get_or_insert_async("key", coroutine_function))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()
        go.set()
        return await task

    assert run(main()) == 5
    if fails:
        with pytest.raises(LookupError):
            leader.result()
    else:
        assert leader.result() == 5


async def started(*coroutines):
    """Start tasks, and return them when each of them waits."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


@pytest.mark.parametrize("how", ["fails", "is cancelled", "is closed"])
def test_failed_leader_hands_over(how):
    d, calls = ConcurrentDict(), []

    async def never():
        calls.append("never")
        await asyncio.get_running_loop().create_future()

    async def fails():
        calls.append("fails")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise LookupError("the leader")

    async def second():
        calls.append("second")
        return 2

    async def main():
        if how == "is closed":
            coroutine = d.get_or_insert_async("key", never)
            coroutine.send(None)
        else:
            first = fails if how == "fails" else never
            [leader] = await started(d.get_or_insert_async("key", first))
        followers = [asyncio.create_task(d.get_or_insert_async("key", second)) for _ in range(5)]
        thread = Task(d.get_or_insert, "key", lambda: calls.append("second") or 2)
        if how == "is closed":
            await asyncio.sleep(0)
            coroutine.close()
        elif how == "is cancelled":
            await asyncio.sleep(0)
            leader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leader
        else:
            with pytest.raises(LookupError, match="the leader"):
                await leader
        assert await asyncio.gather(*followers) == [2] * 5
        return await asyncio.to_thread(thread.result)

    assert run(main()) == 2
    assert calls == ["fails" if how == "fails" else "never", "second"]


def test_cancelled_follower_changes_nothing():
    d = ConcurrentDict()

    async def main():
        made = asyncio.get_running_loop().create_future()

        async def factory():
            return await made

        leader, *followers = await started(
            *(d.get_or_insert_async("key", factory) for _ in range(3))
        )
        followers[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await followers[0]
        made.set_result("made")
        return await leader, await followers[1]

    assert run(main()) == ("made", "made")


def test_key_is_stored_meanwhile():
    d = ConcurrentDict()

    async def factory():
        d["key"] = "theirs"
        return "ours"

    async def main():
        return await d.get_or_insert_async("key", factory)

    assert run(main()) == "theirs"
    assert d == {"key": "theirs"}


# Tasks that would wait for ever


def test_task_asks_for_its_own_key():
    d = ConcurrentDict()

    async def factory():
        return await d.get_or_insert_async("key", coroutine_function)

    async def main():
        with pytest.raises(RuntimeError, match="same key"):
            await d.get_or_insert_async("key", factory)
        return await d.get_or_insert_async("key", coroutine_function)

    assert run(main()) == 5


def test_tasks_ask_for_each_others_keys():
    d = ConcurrentDict()

    async def ask(one, other):
        async def factory():
            await asyncio.sleep(0)
            return await d.get_or_insert_async(other, coroutine_function)

        return await d.get_or_insert_async(one, factory)

    async def main():
        return await asyncio.gather(ask("a", "b"), ask("b", "a"), return_exceptions=True)

    results = run(main())
    errors = [str(each) for each in results if isinstance(each, RuntimeError)]
    assert len(errors) == 1
    assert "deadlock" in errors[0]
    assert "'a'" in errors[0]
    assert "'b'" in errors[0]
    assert 5 in results


def test_thread_of_the_loop_asks_for_a_key_of_its_task():
    d = ConcurrentDict()

    async def main():
        made = asyncio.get_running_loop().create_future()

        async def factory():
            return await made

        [leader] = await started(d.get_or_insert_async("key", factory))
        with pytest.raises(RuntimeError, match="await get_or_insert_async"):
            d.get_or_insert("key", int)
        made.set_result(1)
        return await leader

    assert run(main()) == 1


def test_thread_and_task_ask_for_each_others_keys():
    d, both = ConcurrentDict(), threading.Barrier(2)

    def in_thread():
        def factory():
            both.wait(LONG)
            return d.get_or_insert("task's", lambda: 1)

        return d.get_or_insert("thread's", factory)

    async def in_task():
        async def factory():
            both.wait(LONG)
            return await d.get_or_insert_async("thread's", coroutine_function)

        return await d.get_or_insert_async("task's", factory)

    thread, errors = Task(in_thread), []
    for result in (lambda: run(in_task()), thread.result):
        try:
            assert result() in (1, 5)
        except RuntimeError as error:
            errors.append(str(error))
    assert len(errors) == 1
    assert "deadlock" in errors[0]


def test_other_tasks_of_a_loop_go_on_while_one_waits():
    d, leads, go = ConcurrentDict(), threading.Event(), threading.Event()

    def factory():
        leads.set()
        assert go.wait(LONG)
        # Made by another task of the loop whose first task waits for this thread: no deadlock.
        return d.get_or_insert("task's", lambda: 1 / 0) + 1

    thread = Task(d.get_or_insert, "thread's", factory)
    assert leads.wait(LONG)

    async def main():
        made = asyncio.get_running_loop().create_future()

        async def make():
            return await made

        tasks = await started(
            d.get_or_insert_async("thread's", coroutine_function),
            d.get_or_insert_async("task's", make),
        )
        go.set()
        await asyncio.to_thread(thread.until_asleep)
        made.set_result(1)
        return await asyncio.gather(*tasks)

    assert run(main()) == [2, 1]
    assert thread.result() == 2


# Death


def test_nothing_is_kept():
    class Key(Thing):
        pass

    d, key, value = ConcurrentDict(), Key(), Thing()
    dead = [weakref.ref(each) for each in (d, key, value)]
    contents = [value]

    async def factory():
        await asyncio.sleep(0)
        return contents.pop()

    async def main(d, key):
        await asyncio.gather(*(d.get_or_insert_async(key, factory) for _ in range(3)))

    run(main(d, key))
    d[1] = d.get_or_insert_async(2, factory)
    d[1].close()
    del d, key, value
    assert all(collected(each) for each in dead)


def test_forgotten_leader_hands_over():
    d = ConcurrentDict()

    async def never():
        await asyncio.get_running_loop().create_future()

    async def main():
        coroutine = d.get_or_insert_async("key", never)
        coroutine.send(None)
        [follower] = await started(d.get_or_insert_async("key", coroutine_function))
        del coroutine
        gc.collect()
        return await follower

    assert run(main()) == 5
