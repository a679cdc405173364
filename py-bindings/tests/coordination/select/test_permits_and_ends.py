"""select() and select_async(): the cases of deques, flags, semaphores and limiters."""

import asyncio
import random
import weakref

import pytest
from ft_utils import (
    AtomicFlag,
    AtomicInt64,
    ConcurrentDeque,
    Event,
    ManualClock,
    ProcessSemaphore,
    RateLimiter,
    StdConcurrentPriorityQueue,
    select,
    select_async,
)
from helpers.limits import LONG
from helpers.loops import run, started
from helpers.objects import collected
from helpers.threads import Task, run_threads


def in_a_loop(*cases, timeout=None):
    """Do the same as select(), in a coroutine."""

    async def main():
        return await select_async(*cases, timeout=timeout)

    return run(main())


each_way = pytest.mark.parametrize("choose", [select, in_a_loop])


class Waits:
    """A case of each kind, none of them possible."""

    def __init__(self):
        self.deque, self.flag = ConcurrentDeque(), AtomicFlag(False)
        self.semaphore = ProcessSemaphore(0, limit=2)
        self.clock = ManualClock()
        self.limiter = RateLimiter(10, burst=2, clock=self.clock)
        self.limiter.acquire(2)
        self.cases = [
            self.deque.popping(),
            self.deque.poppingleft(),
            self.flag.waiting(),
            self.semaphore.acquiring(2),
            self.limiter.acquiring(2),
        ]
        # What makes a case possible, and its value.
        self.releases = [
            (lambda: self.deque.append(7), 7),
            (lambda: self.deque.append(7), 7),
            (lambda: self.flag.set(True), True),
            (lambda: self.semaphore.release(2), None),
            (lambda: self.clock.advance(0.2), None),
        ]

    def left(self):
        """Return what is there to take, and how many wait for the clock."""
        free = self.semaphore.value
        return len(self.deque), free, self.limiter.available, self.limiter.waiting


KINDS = range(5)


@each_way
def test_each_is_done(choose):
    waits = Waits()
    for timeout in (0, 0.001):
        with pytest.raises(TimeoutError):
            choose(*waits.cases, timeout=timeout)
        assert waits.left() == (0, 0, 0, 0)
    waits.deque.extend([1, 2, 3])
    right, left, wait, take, permit = waits.cases
    assert choose(left) == (left, 1)
    assert choose(right) == (right, 3)
    assert choose(right, wait, take, permit) == (right, 2)
    waits.flag.set(True)
    assert choose(*waits.cases) == (wait, True)
    waits.flag.clear()
    waits.semaphore.release(2)
    assert choose(*waits.cases) == (take, None)
    waits.clock.advance(0.2)
    assert choose(*waits.cases) == (permit, None)
    assert waits.left() == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_each_wakes(kind):
    for choose in (select, in_a_loop):
        waits = Waits()
        # The two ends of one deque are the same to a waiter.
        cases = waits.cases[1:] if kind == 1 else [waits.cases[0], *waits.cases[2:]]
        task = Task(choose, *cases).until_asleep()
        release, value = waits.releases[kind]
        release()
        assert task.result() == (waits.cases[kind], value)
        assert waits.left() == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_woken_by_a_task_of_the_same_loop(kind):
    async def main():
        waits = Waits()
        (task,) = await started(select_async(waits.cases[kind], Event().waiting()))
        release, value = waits.releases[kind]
        release()
        assert await task == (waits.cases[kind], value)

    run(main())


class Mine(ConcurrentDeque):
    pass


@pytest.mark.parametrize("kind", [ConcurrentDeque, Mine])
@pytest.mark.parametrize(
    "put",
    [
        lambda d: d.append("x"),
        lambda d: d.appendleft("x"),
        lambda d: d.extend(["x"]),
        lambda d: d.extendleft(["x"]),
        lambda d: d.insert(0, "x"),
        lambda d: d.__iadd__(["x"]),
        lambda d: d.__init__(["x"]),
        lambda d: d.handle().append("x"),
    ],
)
def test_whatever_adds_to_a_deque_wakes_tasks(kind, put):
    async def main():
        d = kind()
        pop = d.popping()
        (task,) = await started(select_async(pop))
        put(d)
        assert await task == (pop, "x")

    run(main())


def test_a_block_wakes_as_many_tasks():
    def add(d):
        d.append("x")
        d *= 3

    async def main():
        d = ConcurrentDeque()
        tasks = await started(*(select_async(d.poppingleft()) for _ in range(3)))
        # Meanwhile no task runs, and later nothing rings the alarms of that thread.
        Task(add, d).result()
        assert [(await task)[1] for task in tasks] == ["x"] * 3

    run(main())


def test_slots_that_were_handed_over_go_on():
    """A call that was handed a slot, and takes another case, leaves it to the next in line."""

    async def main():
        for _ in range(20):
            semaphore, event = ProcessSemaphore(0, limit=1), Event()
            take, stop = semaphore.acquiring(), event.waiting()
            first, second = await started(select_async(take, stop), semaphore.acquire())
            semaphore.release()
            event.set()
            case, _ = await first
            if case is take:
                semaphore.release()
            await second
            assert semaphore.value == 0
            semaphore.release()
            assert semaphore.value == 1

    run(main())


def test_threads_leave_the_line_of_a_semaphore():
    semaphore, event = ProcessSemaphore(0, limit=1), Event()
    first = Task(select, semaphore.acquiring(), event.waiting()).until_asleep()
    second = Task(semaphore.acquire_sync).until_asleep()
    event.set()
    assert first.result()[1] is True
    semaphore.release()
    assert second.result() is True


def test_limiters_serve_in_turn():
    clock = ManualClock()
    limiter, event = RateLimiter(10, clock=clock), Event()
    limiter.acquire()

    async def main():
        take = limiter.acquiring()
        first, second = await started(select_async(take, event.waiting()), limiter.acquire_async())
        clock.advance(0.1)
        assert await first == (take, None)
        assert not second.done()
        clock.advance(0.1)
        assert await second is True
        # One that leaves the line has taken nothing, and it is the turn of the next.
        first, second = await started(select_async(take, event.waiting()), limiter.acquire_async())
        event.set()
        assert (await first)[1] is True
        clock.advance(0.1)
        assert await second is True
        assert (limiter.waiting, limiter.available) == (0, 0)

    run(main())


def test_an_attempt_does_not_enter_a_line():
    """Otherwise others would get nothing meanwhile, though the call takes another case."""
    waits, seen = Waits(), []

    class Looks:
        def __lt__(self, other):
            seen.append((waits.limiter.waiting, repr(waits.semaphore)))
            return True

    q = StdConcurrentPriorityQueue()
    q.push(Looks())
    push = q.pushing(Looks())
    for _ in range(20):
        assert select(*waits.cases, push) == (push, None)
    assert set(seen) == {(0, repr(waits.semaphore))}


@each_way
def test_limiters_by_the_system_clock(choose):
    limiter = RateLimiter(200)
    take, never = limiter.acquiring(), Event().waiting()
    task = Task(lambda: [choose(take, never) for _ in range(4)])
    assert task.result() == [(take, None)] * 4
    slow = RateLimiter(0.001)
    assert slow.try_acquire()
    with pytest.raises(TimeoutError):
        choose(slow.acquiring(), never, timeout=0.01)
    assert slow.waiting == 0


def test_cancelled_tasks_leave_no_trace():
    async def main():
        waits = Waits()
        first, second = await started(*(select_async(*waits.cases[1:]) for _ in range(2)))
        waits.semaphore.release(2)
        # It was handed the slots, but has not run.
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == (waits.cases[3], None)
        (third,) = await started(select_async(*waits.cases[1:]))
        waits.clock.advance(0.2)
        waits.deque.append(1)
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        assert waits.left() == (1, 0, 2, 0)

    run(main())


def test_closed_loops_are_skipped():
    semaphore, event = ProcessSemaphore(0, limit=1), Event()

    async def begin(coroutine):
        coroutine.send(None)

    left = []
    for _ in range(3):
        loop = asyncio.new_event_loop()
        left.append(select_async(semaphore.acquiring(), event.waiting()))
        loop.run_until_complete(begin(left[-1]))
        loop.close()
    thread = Task(semaphore.acquire_sync).until_asleep()
    semaphore.release()
    assert thread.result() is True
    del left


@each_way
def test_misuse(choose):
    class Lazy(ProcessSemaphore):
        def __init__(self):
            pass

    class LazyLimiter(RateLimiter):
        def __init__(self):
            pass

    for kind in (Lazy, LazyLimiter):
        with pytest.raises(RuntimeError, match="__init__"):
            kind().acquiring()
    semaphore, limiter = ProcessSemaphore(1), RateLimiter(1, burst=2)
    for n in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            semaphore.acquiring(n)
    with pytest.raises(ValueError, match="burst, 2"):
        limiter.acquiring(3)
    for case in (semaphore.acquiring, limiter.acquiring):
        with pytest.raises(TypeError):
            case("x")
    # More than there ever are: it waits.
    with pytest.raises(TimeoutError):
        choose(semaphore.acquiring(2), timeout=0.001)
    assert choose(semaphore.handle().acquiring(n=1), timeout=0)[1] is None
    assert choose(limiter.handle().acquiring(n=2), timeout=0)[1] is None


def test_cycles_are_collected():
    d, flag = ConcurrentDeque(), AtomicFlag(False)
    d.append(d.popping())
    d.append(d.handle().poppingleft())
    flag.case = flag.waiting()
    flag.coroutine = select_async(flag.waiting())
    flag.coroutine.close()
    died = [weakref.ref(o) for o in (d, flag)]
    del d, flag
    assert all(collected(o) for o in died)


def test_storm():
    """Threads and tasks take slots of either semaphore, or items; some give up. Nothing is lost."""
    semaphores = [ProcessSemaphore(2) for _ in range(2)]
    inside = [AtomicInt64() for _ in semaphores]
    items, each, stop = ConcurrentDeque(range(100)), 150, Event()
    got = AtomicInt64()

    def begin():
        order = random.sample(range(2), 2)
        takes = [semaphores[i].acquiring() for i in order]
        return order, takes, items.popping() if random.random() < 0.3 else stop.waiting()

    def end(order, takes, chosen):
        case, _ = chosen
        if case not in takes:
            return got.incr()
        index = order[takes.index(case)]
        assert inside[index].fetch_add(1) < 2
        inside[index].decr()
        return semaphores[index].release()

    async def work_async():
        for _ in range(each):
            order, takes, other = begin()
            task = asyncio.create_task(select_async(*takes, other))
            await asyncio.sleep(random.choice([0, 0, 0.0001]))
            if random.random() < 0.3:
                task.cancel()
            try:
                chosen = await task
            except asyncio.CancelledError:
                continue
            end(order, takes, chosen)

    def work(n):
        if n < 2:
            return run(work_async())
        for _ in range(each):
            order, takes, other = begin()
            try:
                chosen = select(*takes, other, timeout=random.choice([0, 0.0001, LONG]))
            except TimeoutError:
                continue
            end(order, takes, chosen)

    run_threads(5, work)
    assert [semaphore.value for semaphore in semaphores] == [2, 2]
    assert all(semaphore.try_acquire(2) for semaphore in semaphores)
    assert got.get() + len(items) == 100
