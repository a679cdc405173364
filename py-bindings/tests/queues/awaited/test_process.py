"""The coroutines of all queues: signals, forks, and the end of the interpreter."""

import asyncio
import gc
import random
import signal
import sys
import time

import pytest
from ft_utils.concurrency import ConcurrentQueue
from helpers.marks import WITH_FORK
from helpers.programs import run_python
from helpers.signals import run_until_interrupted
from helpers.threads import Task


@pytest.mark.thread_unsafe
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_signals_lose_no_item():
    """A get that an interrupt has ended has taken nothing."""
    q = ConcurrentQueue()
    total = 30
    got = []

    async def consume():
        while True:
            item = await q.get_async()
            got.append(item)

    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        for number in range(total):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda *_: None)
            tasks = [loop.create_task(consume()) for _ in range(3)]
            pusher = Task(lambda number=number: (time.sleep(0.003), q.push(number)))
            run_until_interrupted(loop, random.uniform(0.001, 0.005))
            pusher.result()
            loop.close()
            del tasks, loop
            gc.collect()
    finally:
        sys.unraisablehook = hook
    left = q.pop_many(total) if q.size() else []
    # The interpreter itself may drop an item between the await and the next line.
    assert len(set(got + left)) == len(got + left)
    assert total - 3 <= len(got + left) <= total


@WITH_FORK
def test_fork():
    out = run_python(
        """
import asyncio, os, warnings
from ft_utils import ConcurrentQueue
warnings.simplefilter("ignore")
q = ConcurrentQueue()
async def main():
    task = asyncio.create_task(q.get_async())
    await asyncio.sleep(0)
    if (child := os.fork()) == 0:
        q.push(1)
        assert q.try_pop() == 1
        os._exit(7)
    _, status = os.waitpid(child, 0)
    q.push(2)
    print(os.waitstatus_to_exitcode(status), await task)
asyncio.run(main())
async def wait():
    task = asyncio.create_task(q.get_async())
    await asyncio.sleep(0)
    q.push(3)
    return await task
if (child := os.fork()) == 0:
    assert asyncio.run(wait()) == 3
    os._exit(8)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
        stderr=None,
    )
    assert out == "7 2\n8\n"


def test_interpreter_exits_with_waiters():
    run_python(
        """
import asyncio, threading
from ft_utils import ConcurrentQueue
q = ConcurrentQueue()
waits = threading.Event()
def loop():
    async def main():
        asyncio.get_running_loop().call_soon(waits.set)
        await q.get_async()
    asyncio.run(main())
threading.Thread(target=loop, daemon=True).start()
waits.wait()
"""
    )
