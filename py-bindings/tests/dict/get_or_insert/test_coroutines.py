"""get_or_insert(): coroutines where values are expected."""

import asyncio
import gc

import pytest
from ft_utils.concurrency import AtomicInt64, AtomicReference, ConcurrentDict
from helpers.loops import run

from .shared import coroutine_function


class Coroutine:
    """A coroutine as made by a compiler for Python."""

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
