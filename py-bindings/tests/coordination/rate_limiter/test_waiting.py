"""RateLimiter: threads and tasks that wait, most of them for a clock that the tests advance."""

import asyncio
import gc
import random
import sys
import threading
import time

import pytest
from ft_utils import AtomicInt64, ManualClock, RateLimiter
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.marks import POSIX, WITH_FORK
from helpers.programs import ASLEEP, run_python
from helpers.threads import Task, flat, run_threads, wait_until


def limited(rate=10, burst=1):
    """Return a limiter with no permits, and its clock."""
    clock = ManualClock()
    limiter = RateLimiter(rate, burst, clock)
    limiter.acquire(burst)
    return limiter, clock


def test_never_too_many():
    """Sixteen threads and four loops take what they can, in every way, while the clock goes on.

    Each notes the time before and after a grant, which was granted in between. In no period may
    more be granted than the burst, and what the rate allows.
    """
    burst, rate, steps = 5, 1000, 150
    clock = ManualClock()
    limiter, over = RateLimiter(rate, burst, clock), AtomicInt64()

    async def task(grants):
        while not over.get():
            before = clock.now()
            if await limiter.acquire_async(1, 0.05):
                grants.append((before, clock.now()))

    async def tasks(grants):
        await asyncio.gather(*(task(grants) for _ in range(3)))

    def work(n):
        grants = []
        if n == 0:
            for _ in range(steps):
                clock.advance(random.choice((0.0003, 0.001, 0.002)))
                time.sleep(0)
            over.set(1)
        elif n < 5:
            run(tasks(grants))
        else:
            while not over.get():
                before = clock.now()
                granted = limiter.try_acquire() if n % 2 else limiter.acquire(1, 0.05)
                if granted:
                    grants.append((before, clock.now()))
        return grants

    grants = flat(run_threads(21, work))
    assert grants
    # The grants that certainly were in a period are at most as many as the period allows.
    starts = sorted({start for start, _ in grants})
    for index, start in enumerate(starts):
        for end in starts[index:]:
            count = sum(start <= before and after <= end for before, after in grants)
            assert count <= burst + (end - start) * rate + 1e-6


def test_first_come_first_served():
    limiter, clock = limited(burst=3)
    order = []

    async def task(n):
        await limiter.acquire_async(3 if n == 0 else 1)
        order.append(n)

    async def main():
        tasks = await started(*(task(n) for n in range(4)))
        assert limiter.waiting == 4
        thread = Task(lambda: (limiter.acquire(2), order.append("thread")))
        while limiter.waiting < 5:
            await asyncio.sleep(0)
        clock.advance(0.2)
        assert not limiter.try_acquire()
        for _ in range(10):
            clock.advance(0.1)
            await asyncio.sleep(0.002)
        await asyncio.gather(*tasks)
        thread.result()

    run(main())
    assert order == [0, 1, 2, 3, "thread"]
    assert limiter.waiting == 0


def test_with_waits():
    limiter, clock = limited()

    async def block():
        async with limiter:
            pass

    async def main():
        tasks = await started(*(block() for _ in range(3)))
        assert limiter.waiting == 3
        tasks[0].cancel()
        clock.advance(0.1)
        await tasks[1]
        assert not tasks[2].done()
        clock.advance(0.1)
        await tasks[2]

    def in_thread():
        with limiter:
            pass

    run(main())
    task = Task(in_thread)
    wait_until(lambda: limiter.waiting == 1)
    clock.advance(0.1)
    task.result()
    assert (limiter.waiting, limiter.available) == (0, 0)


def test_cancelled_waiters_leave_no_trace():
    limiter, clock = limited()

    async def main():
        tasks = await started(*(limiter.acquire_async() for _ in range(6)))
        for task in (tasks[0], tasks[3]):
            task.cancel()
        await asyncio.sleep(0)
        assert limiter.waiting == 4
        assert await limiter.acquire_async(timeout=0.005) is False
        assert await limiter.acquire_async(timeout=0) is False
        assert limiter.waiting == 4
        for _ in range(4):
            clock.advance(0.1)
            await asyncio.sleep(0.005)
        assert await asyncio.gather(*tasks[1:3], *tasks[4:]) == [True] * 4
        assert (limiter.waiting, limiter.available) == (0, 0)

    run(main())


def test_closed_loops_are_skipped():
    limiter, clock = limited()

    async def begin(coroutine):
        coroutine.send(None)

    left = []
    for _ in range(5):
        loop = asyncio.new_event_loop()
        left.append(limiter.acquire_async())
        loop.run_until_complete(begin(left[-1]))
        loop.close()
    task = Task(limiter.acquire)
    wait_until(lambda: limiter.waiting == 6)
    clock.advance(0.1)
    assert task.result() is True
    assert limiter.waiting == 0
    del left


def test_tasks_wait_for_the_system_clock():
    async def main():
        limiter = RateLimiter(100)
        begin = time.monotonic()
        assert await asyncio.gather(*(limiter.acquire_async() for _ in range(4))) == [True] * 4
        assert time.monotonic() - begin >= 0.03
        slow = RateLimiter(0.001)
        assert await slow.acquire_async()
        begin = time.monotonic()
        assert await slow.acquire_async(timeout=0.01) is False
        assert time.monotonic() - begin >= 0.01

    run(main())


def test_threads_and_tasks_with_the_system_clock():
    limiter, count = RateLimiter(2000), 20
    begin = time.monotonic()

    async def tasks():
        await asyncio.gather(*(limiter.acquire_async() for _ in range(count)))

    def work(n):
        if n < 2:
            run(tasks())
        else:
            for _ in range(count):
                assert limiter.acquire(timeout=LONG)

    run_threads(4, work)
    assert time.monotonic() - begin >= (4 * count - 1) / 2000


@pytest.mark.thread_unsafe(reason="counts blocks of memory")
def test_many_tasks():
    """Twenty thousand tasks wait and are served in order, and memory is as it was."""
    count = 20_000
    limiter, clock = limited(rate=1_000_000, burst=count)
    order = []

    async def task(n):
        assert await limiter.acquire_async()
        order.append(n)

    async def once():
        order.clear()
        tasks = await started(*(task(n) for n in range(count)))
        assert limiter.waiting == count
        advances = threading.Thread(target=clock.advance, args=(1,))
        advances.start()
        await asyncio.gather(*tasks)
        advances.join()
        assert order == list(range(count))
        limiter.acquire(limiter.available)

    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    run(once())
    before = blocks()
    run(once())
    # One block in ten tasks would show.
    assert blocks() - before < count / 10


@POSIX
def test_interrupt_ends_a_wait():
    out = run_python(
        f"""
import faulthandler, os, signal, sys, threading, time
from ft_utils import *
faulthandler.dump_traceback_later(40, exit=True)
{ASLEEP}
for clock in (None, ManualClock()):
    limiter = RateLimiter(0.001, clock=clock)
    limiter.acquire()
    def interrupt(id=threading.get_native_id()):
        until_asleep(id)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        limiter.acquire()
    except KeyboardInterrupt:
        print("interrupted", limiter.waiting)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "interrupted 0\n" * 2


@WITH_FORK
def test_fork():
    out = run_python(
        """
import faulthandler, os, threading, time, warnings
from ft_utils import *
faulthandler.dump_traceback_later(40, exit=True)
warnings.simplefilter("ignore")
clock = ManualClock()
limiter = RateLimiter(1, clock=clock)
limiter.acquire()
threads = [threading.Thread(target=limiter.acquire) for _ in range(2)]
for thread in threads:
    thread.start()
while limiter.waiting < 2:
    time.sleep(0.001)
child = os.fork()
if child == 0:
    assert limiter.waiting == 0
    clock.advance(1)
    assert limiter.acquire(timeout=10)
    os._exit(7)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), limiter.waiting)
while limiter.waiting:
    clock.advance(1)
    time.sleep(0.001)
for thread in threads:
    thread.join()
faulthandler.cancel_dump_traceback_later()
""",
        stderr=None,
    )
    assert out == "7 2\n"
