"""WorkStealingExecutor: jobs that wait for jobs run jobs meanwhile."""

import threading

import pytest
from ft_utils import (
    ConcurrentSet,
    Event,
    Stopped,
    ThreadGroup,
    WorkStealingExecutor,
    parallel_for_each,
    parallel_map,
    parallel_reduce,
    parallel_sort,
)
from helpers.limits import LONG

pytestmark = pytest.mark.thread_unsafe(reason="starts threads")


def fibonacci(executor, n):
    if n < 2:
        return n
    left = executor.submit(fibonacci, executor, n - 1)
    right = executor.submit(fibonacci, executor, n - 2)
    return left.result() + right.result()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_nested(workers):
    with WorkStealingExecutor(workers) as executor:
        assert executor.submit(fibonacci, executor, 14).result(LONG) == 377


def test_exception_helps_too():
    with WorkStealingExecutor(1) as executor:

        def wait():
            return executor.submit(divmod, 1, 0).exception()

        assert isinstance(executor.submit(wait).result(LONG), ZeroDivisionError)


def test_map_in_a_job():
    with WorkStealingExecutor(1) as executor:
        job = executor.submit(lambda: list(executor.map(str, range(20), buffersize=3)))
        assert job.result(LONG) == [str(n) for n in range(20)]


LOOPS = {
    "for_each": lambda fn, n, **given: parallel_for_each(fn, range(n), **given),
    "map": lambda fn, n, **given: list(parallel_map(fn, range(n), **given)),
    "as they come": lambda fn, n, **given: sorted(
        parallel_map(fn, range(n), ordered=False, **given)
    ),
    "reduce": lambda fn, n, **given: parallel_reduce(
        lambda one, two: [*one, *two], ([fn(item)] for item in range(n)), **given
    ),
}
loops = pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS.keys())


@loops
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("size", [None, 1])
def test_loop_in_a_job(loop, workers, size):
    """A loop on the executor that runs it: its worker makes calls while it waits for the others."""
    seen = ConcurrentSet()

    def call(n):
        seen.add(n)
        return n

    with WorkStealingExecutor(workers) as executor:
        job = executor.submit(loop, call, 100, executor=executor, chunk_size=size)
        assert job.result(LONG) == (None if loop is LOOPS["for_each"] else [*range(100)])
    assert seen == set(range(100))


@loops
@pytest.mark.parametrize("workers", [1, 3])
def test_loops_in_loops(loop, workers):
    def inner(n):
        loop(int, 5, executor=executor)
        return n

    with WorkStealingExecutor(workers) as executor:
        jobs = [executor.submit(loop, inner, 9, executor=executor) for _ in range(3)]
        for job in jobs:
            assert job.result(LONG) == (None if loop is LOOPS["for_each"] else [*range(9)])


@pytest.mark.parametrize("name", ["for_each", "map", "as they come"])
def test_loop_in_a_job_that_fails(name):
    """Its error is that of the job, and the worker goes on."""

    def fail(n):
        if n == 30:
            raise LookupError
        return n

    with WorkStealingExecutor(1) as executor:
        job = executor.submit(LOOPS[name], fail, 100, executor=executor)
        assert type(job.exception(LONG)) is LookupError
        assert executor.submit(int).result(LONG) == 0


def test_sort_in_a_job():
    items = [n * 7919 % 70_001 for n in range(70_001)]
    with WorkStealingExecutor(1) as executor:
        job = executor.submit(parallel_sort, items, executor=executor)
        assert job.result(LONG) == [*range(70_001)]


def test_a_job_that_has_begun_is_waited_for():
    """A worker that waits for a job of another worker runs what is in the queue."""
    with WorkStealingExecutor(2) as executor:
        begun, go = threading.Event(), threading.Event()

        def slow():
            begun.set()
            return go.wait(LONG)

        other = executor.submit(slow)
        assert begun.wait(LONG)
        # Ends the other one, though the only free worker waits for that.
        waits = executor.submit(lambda: (executor.submit(go.set), other.result(LONG))[1])
        assert waits.result(LONG) is True


def test_job_that_waits_for_the_one_that_runs_it():
    """The worker waits in one job, runs another meanwhile, and that one waits for the first."""
    with WorkStealingExecutor(2) as executor:
        begun, go, known = threading.Event(), threading.Event(), threading.Event()
        slow = executor.submit(lambda: (begun.set(), go.wait(LONG))[1])
        assert begun.wait(LONG)

        def first():
            assert known.wait(LONG)
            # The other worker is busy.
            with pytest.raises(TimeoutError):
                executor.submit(lambda: jobs[0].result(0.001)).result()
            second = executor.submit(lambda: jobs[0].result())
            executor.submit(lambda: second.add_done_callback(lambda _: go.set()))
            return slow.result(), second

        jobs = [executor.submit(first)]
        known.set()
        waited, second = jobs[0].result(LONG)
        assert waited is True
        with pytest.raises(RuntimeError, match="cannot wait for itself"):
            second.result(LONG)


def test_job_that_waits_for_itself():
    with WorkStealingExecutor(1) as executor:
        known, jobs = threading.Event(), []
        jobs.append(executor.submit(lambda: known.wait(LONG) and jobs[0].result()))
        known.set()
        with pytest.raises(RuntimeError, match="cannot wait for itself"):
            jobs[0].result(LONG)
        assert executor.submit(int).result(LONG) == 0


def test_two_executors_wait_for_each_other():
    with WorkStealingExecutor(1) as one, WorkStealingExecutor(1) as two:

        def down(n):
            there = two if n % 2 else one
            return n if n == 0 else there.submit(down, n - 1).result(LONG)

        assert one.submit(down, 20).result(LONG) == 0


def test_timeout_while_helping():
    with WorkStealingExecutor(2) as executor:
        go, begun = threading.Event(), threading.Event()
        slow = executor.submit(lambda: (begun.set(), go.wait(LONG)))
        assert begun.wait(LONG)

        def wait(timeout):
            with pytest.raises(TimeoutError):
                slow.result(timeout)
            return "late"

        assert executor.submit(wait, 0).result(LONG) == "late"
        assert executor.submit(wait, 0.001).result(LONG) == "late"
        go.set()


def test_timeout_of_zero_does_not_begin_a_job():
    with WorkStealingExecutor(1) as executor:

        def wait():
            future = executor.submit(int)
            with pytest.raises(TimeoutError):
                future.result(0)
            return future.running() or future.done()

        assert executor.submit(wait).result(LONG) is False


def test_long_chain_ends():
    """Each job waits for the one that it submits: too deep for the stack, but no hang."""
    with WorkStealingExecutor(1) as executor:

        def down(n):
            return 0 if n == 0 else 1 + executor.submit(down, n - 1).result()

        future = executor.submit(down, 100_000)
        with pytest.raises(RecursionError):
            future.result(LONG)
        assert executor.submit(down, 50).result(LONG) == 50


def test_stop_of_a_group_ends_the_wait_in_a_worker():
    with WorkStealingExecutor(2) as executor:
        go, begun = Event(), Event()
        slow = executor.submit(lambda: (begun.set(), go.wait()))
        assert begun.wait(LONG)

        def work():
            with ThreadGroup() as group:
                group.start(group.stop)
                with pytest.raises(Stopped):
                    slow.result()
                # Another job on this thread is not one of the group, and is not stopped.
                return executor.submit(Event().wait, 0).result(0.1)

        outcome = executor.submit(work).exception(LONG)
        go.set()
        assert outcome is None or isinstance(outcome, (Stopped, TimeoutError))


def test_jobs_that_a_waiting_job_runs_are_not_stopped():
    with WorkStealingExecutor(1) as executor:

        def inner():
            return Event().wait(0.001)

        def work():
            with ThreadGroup() as group:
                job = executor.submit(inner)
                group.stop()
                return job.result()

        assert executor.submit(work).result(LONG) is False


def test_jobs_that_a_waiting_job_runs_do_not_belong_to_its_group():
    """Their groups are not stopped by it, and the waiting job belongs to it afterwards."""
    with WorkStealingExecutor(1) as executor:

        def inner():
            with ThreadGroup.shield():
                pass
            with ThreadGroup() as group:
                return group.start(Event().wait, 0.001).result(), Event().wait(0.001)

        def loop():
            return list(parallel_map(lambda _: Event().wait(0.001), range(3), n_threads=2))

        def leaves_its_block():
            """Leave a group open, as a generator does that is dropped later."""
            ThreadGroup().__enter__()

        def work():
            with ThreadGroup() as group:
                jobs = [executor.submit(job) for job in (inner, loop, leaves_its_block)]
                group.stop()
                results = [job.result() for job in jobs]
                with pytest.raises(Stopped):
                    Event().wait()
                # This one belongs to it.
                with pytest.raises(Stopped), ThreadGroup() as own:
                    assert own.stopping.is_set()
            return results

        assert executor.submit(work).result(LONG) == [(False, False), [False] * 3, None]


def test_context_of_the_waiting_job_is_kept():
    import contextvars

    variable = contextvars.ContextVar("variable")
    with WorkStealingExecutor(1) as executor:

        def inner():
            variable.set("inner")

        def work():
            variable.set("outer")
            executor.submit(inner).result()
            return variable.get()

        assert executor.submit(work).result(LONG) == "outer"
