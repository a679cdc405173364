"""parallel_map()."""

import contextvars
import inspect
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice

import pytest
from ft_utils import AtomicInt64, parallel_map
from helpers.limits import LONG
from helpers.objects import Thing
from helpers.threads import Task, run_threads, wait_until

from .shared import Drawn, Immediate, Manual, inverse, square

THREADS = [1, 2, 5]


@pytest.mark.parametrize("n_threads", [*THREADS, None])
@pytest.mark.parametrize("n", [0, 1, 2, 100, 5000])
def test_results_are_in_the_order_of_the_items(n, n_threads):
    expected = [square(item) for item in range(n)]
    assert list(parallel_map(square, range(n), n_threads=n_threads)) == expected
    assert list(parallel_map(square, iter(range(n)), n_threads=n_threads)) == expected
    for size in (1, 7, 10**6):
        results = parallel_map(square, list(range(n)), n_threads=n_threads, chunk_size=size)
        assert list(results) == expected


@pytest.mark.parametrize("n_threads", THREADS)
def test_results_as_they_come(n_threads):
    results = parallel_map(square, range(3000), n_threads=n_threads, ordered=False)
    assert sorted(results) == [n * n for n in range(3000)]


def test_those_that_are_done_first_come_first():
    executor = Manual()
    task = Task(list, parallel_map(square, range(4), executor=executor, ordered=False, n_threads=1))
    wait_until(lambda: len(executor.calls) == 4)
    for index in (2, 0, 3, 1):
        executor.run(index)
    assert task.result() == [4, 0, 9, 1]


def test_order_does_not_depend_on_the_workers():
    executor = Manual()
    task = Task(list, parallel_map(square, range(4), executor=executor, n_threads=1))
    wait_until(lambda: len(executor.calls) == 4)
    for index in (2, 0, 3, 1):
        executor.run(index)
    assert task.result() == [0, 1, 4, 9]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("n_threads", THREADS)
def test_infinite_items(ordered, n_threads):
    results = parallel_map(square, count(), n_threads=n_threads, ordered=ordered)
    some = list(islice(results, 500))
    results.close()
    if ordered:
        assert some == [n * n for n in range(500)]
    assert len(set(some)) == 500


@pytest.mark.parametrize("ordered", [True, False])
def test_chunks_under_way_are_bounded(ordered):
    items, executor = Drawn(), Manual()
    results = parallel_map(
        square, items, executor=executor, n_threads=2, chunk_size=3, ordered=ordered
    )
    # Nothing begins before the first result is asked for.
    assert items.count == 0
    for n in range(10):
        task = Task(next, results).until_asleep()
        wait_until(lambda n=n: len(executor.calls) == n + 8)
        executor.run(n)
        assert task.result() == (3 * n) ** 2
        # The rest of the chunk is there; the next one is drawn after it has been read.
        assert list(islice(results, 2)) == [(3 * n + 1) ** 2, (3 * n + 2) ** 2]
        assert items.count == 3 * (n + 8)
    results.close()
    assert all(future.cancelled() for future, _, _ in executor.calls[10:])


def test_several_iterables():
    def join(*args):
        return args

    results = parallel_map(join, range(5), iter("abc"), count(7))
    assert list(results) == [(0, "a", 7), (1, "b", 8), (2, "c", 9)]


def test_progress():
    calls = []

    def progress(done):
        calls.append((done, threading.current_thread()))

    assert len(list(parallel_map(square, range(1000), n_threads=3, progress=progress))) == 1000
    numbers = [done for done, _ in calls]
    assert numbers == sorted(numbers) and numbers[-1] == 1000
    assert {thread for _, thread in calls} == {threading.current_thread()}
    calls.clear()
    assert list(parallel_map(square, [], progress=progress)) == calls == []


def test_signature():
    parameters = inspect.signature(parallel_map).parameters
    names = ["fn", "items", "more", "ordered", "n_threads", "chunk_size", "executor", "progress"]
    assert list(parameters) == names
    assert inspect.isgenerator(parallel_map(abs, []))
    assert list(parallel_map(abs, [-1], n_threads=AtomicInt64(2), chunk_size=AtomicInt64(1))) == [1]


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"n_threads": 0}, ValueError),
        ({"n_threads": -1}, ValueError),
        ({"n_threads": 1.5}, TypeError),
        ({"chunk_size": 0}, ValueError),
        ({"chunk_size": "1"}, TypeError),
        ({"executor": 5}, TypeError),
        ({"progress": 5}, TypeError),
    ],
)
def test_bad_arguments_are_refused_at_the_call(kwargs, error):
    items = Drawn()
    with pytest.raises(error):
        parallel_map(square, items, **kwargs)
    assert items.count == 0


def test_what_cannot_be_called_or_iterated_over():
    with pytest.raises(TypeError):
        parallel_map(None, [])
    with pytest.raises(TypeError):
        parallel_map(square, 5)
    with pytest.raises(TypeError):
        parallel_map(pow, [1], 5)


def test_calls_see_the_context_variables_of_the_reader():
    variable = contextvars.ContextVar("variable")
    variable.set("seen")

    def see(_):
        value = variable.get()
        variable.set("changed")
        return value

    for n_threads in THREADS:
        results = parallel_map(see, range(3), n_threads=n_threads, chunk_size=1)
        assert list(results) == ["seen"] * 3
    assert variable.get() == "seen"


@pytest.mark.parametrize("n_threads", THREADS)
def test_calls_are_made_by_so_many_threads(n_threads):
    meeting = threading.Barrier(n_threads)

    def meet(_):
        meeting.wait(LONG)
        return threading.current_thread()

    threads = set(parallel_map(meet, range(n_threads * 3), n_threads=n_threads, chunk_size=1))
    assert len(threads) == n_threads
    assert (threading.current_thread() in threads) == (n_threads == 1)


@pytest.mark.parametrize("n_threads", THREADS)
def test_nested(n_threads):
    def outer(n):
        return sum(parallel_map(square, range(n), n_threads=n_threads, chunk_size=3))

    expected = [sum(map(square, range(n))) for n in range(20)]
    assert list(parallel_map(outer, range(20), n_threads=n_threads)) == expected


def test_nested_three_times():
    def sum_of(depth):
        if depth == 0:
            return 1
        return sum(parallel_map(sum_of, [depth - 1] * 3, n_threads=2, chunk_size=1))

    assert sum_of(3) == 27


def test_items_that_are_results():
    inner = parallel_map(square, range(300), n_threads=2)
    assert list(parallel_map(square, inner, n_threads=2)) == [n**4 for n in range(300)]


def test_in_many_threads():
    def work(index):
        return list(parallel_map(lambda n: (index, n), range(200), n_threads=2))

    assert run_threads(4, work) == [[(i, n) for n in range(200)] for i in range(4)]


def test_executor_that_makes_its_calls_at_once():
    assert list(parallel_map(square, range(50), executor=Immediate())) == [n * n for n in range(50)]


def test_threads_of_an_executor():
    with ThreadPoolExecutor(3) as executor:
        for ordered in (True, False):
            results = parallel_map(square, range(1000), executor=executor, ordered=ordered)
            assert sorted(results) == [n * n for n in range(1000)]


def test_worker_of_the_executor_waits_for_a_future():
    """An executor whose workers work while they wait needs that to notice the wait."""

    class Helping(Manual):
        _threads = (threading.current_thread(),)

        def submit(self, fn, /, *args, **kwargs):
            future = super().submit(fn, *args, **kwargs)
            index = len(self.calls) - 1
            wait = future.exception

            def exception(timeout=None):
                if not future.done():
                    self.run(index)
                return wait(timeout)

            future.exception = exception
            return future

    for ordered in (True, False):
        results = parallel_map(square, range(20), executor=Helping(), ordered=ordered)
        assert list(results) == [n * n for n in range(20)]


def test_results_are_released_as_they_are_read():
    alive = AtomicInt64()

    def make(_):
        alive.incr()
        return Thing(alive.decr)

    # In this thread: one that dies in another than it was made in may take its time.
    for thing in parallel_map(make, range(100), executor=Immediate(), chunk_size=2, n_threads=1):
        # Four chunks and the one that is being read.
        assert alive <= 10
        del thing
    assert alive == 0


def test_items_are_released_when_they_are_done():
    things = [Thing(), Thing()]
    alive = [weakref.ref(thing) for thing in things]

    def draw():
        while things:
            yield things.pop(0)

    results = parallel_map(lambda _: None, draw(), n_threads=1, chunk_size=1)
    for thing in alive:
        next(results)
        assert thing() is None


def test_first_error_in_the_order_of_the_items():
    results = parallel_map(inverse, [1, 2, 0, 4, 0], n_threads=1)
    assert [next(results), next(results)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []
