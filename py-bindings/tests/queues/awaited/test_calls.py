"""The coroutines of all queues: their arguments, and calls that wait or not."""

import asyncio
import inspect

import pytest
from ft_utils.concurrency import ConcurrentQueue
from helpers.loops import run, started

from queues.kinds import EACH, EACH_STD, STD

PUTS = pytest.mark.parametrize("put", ["put_async", "push_async"])
GETS = pytest.mark.parametrize("get", ["get_async", "pop_async"])


def test_signatures():
    def of(name):
        return str(inspect.signature(getattr(ConcurrentQueue, name)))

    assert of("get_async") == of("pop_async") == "(self, /, timeout=None)"
    assert of("push_async") == "(self, /, value, timeout=None)"
    assert of("put_async") == "(self, /, item, timeout=None)"


@PUTS
@GETS
def test_without_waiting(put, get):
    q = ConcurrentQueue(maxsize=3)
    for item in (None, 1, (2, 3)):
        with pytest.raises(StopIteration) as stopped:
            getattr(q, put)(item).send(None)
        assert stopped.value.value is None
    with pytest.raises(StopIteration) as stopped:
        getattr(q, get)().send(None)
    assert stopped.value.value is None

    async def main():
        assert await getattr(q, get)() == 1
        assert await getattr(q, get)(0) == (2, 3)
        await getattr(q, put)(StopIteration(7), timeout=0)
        assert (await getattr(q, get)(timeout=None)).value == 7

    run(main())


@EACH
@GETS
def test_get_waits(kind, get):
    q = kind()

    async def main():
        tasks = await started(*[getattr(q, get)() for _ in range(3)])
        q.push_many("abc")
        assert sorted(await asyncio.gather(*tasks)) == ["a", "b", "c"]

    run(main())


@EACH
@PUTS
def test_put_waits(kind, put):
    q = kind(maxsize=1)
    q.push("a")

    async def main():
        tasks = await started(getattr(q, put)("b"), getattr(q, put)("c"))
        assert q.pop() == "a"
        await tasks[0]
        assert await q.pop_async() == "b"
        await tasks[1]
        assert q.try_pop() == "c"

    run(main())


@EACH_STD
def test_signatures_of_all_kinds(kind):
    for name in ("put_async", "get_async", "push_async", "pop_async"):
        ours, theirs = (inspect.signature(getattr(k, name)) for k in (kind, ConcurrentQueue))
        assert str(ours) == str(theirs)


def test_order():
    async def main():
        for kind, expected in zip(STD, ([2, 3, 1], [1, 3, 2], [1, 2, 3]), strict=True):
            q = kind()
            for item in (2, 3, 1):
                await q.put_async(item)
            assert [await q.get_async() for _ in range(3)] == expected

    run(main())
