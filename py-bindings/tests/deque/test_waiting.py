"""ConcurrentDeque: pops that wait for an item."""

import time

import pytest
from ft_utils.concurrency import ConcurrentDeque, EmptyDequeError
from helpers.limits import LONG
from helpers.threads import Task, run_threads, wait_until

BOTH_ENDS = pytest.mark.parametrize("end", ["pop", "popleft"])


@BOTH_ENDS
@pytest.mark.parametrize("timeout", [None, 0, 1.5, True, float("inf"), 1e300, 10**30])
def test_any_timeout_when_there_is_an_item(end, timeout):
    d = ConcurrentDeque([1])
    assert getattr(d, end)(timeout=timeout) == 1


@BOTH_ENDS
@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        ("x", TypeError),
        ([], TypeError),
        (-1, ValueError),
        (float("nan"), ValueError),
        (float("-inf"), ValueError),
        (10**400, OverflowError),
    ],
)
def test_bad_timeout_leaves_no_trace(end, timeout, error):
    for items in ([], [1]):
        d = ConcurrentDeque(items)
        with pytest.raises(error):
            getattr(d, end)(timeout=timeout)
        assert list(d) == items


@BOTH_ENDS
@pytest.mark.parametrize("timeout", [0, 0.001, 0.12])
def test_timeout_is_not_cut_short(end, timeout):
    d = ConcurrentDeque()
    start = time.monotonic()
    with pytest.raises(EmptyDequeError):
        getattr(d, end)(timeout=timeout)
    # The clocks may differ by a tick.
    assert time.monotonic() - start >= timeout - 0.0005


@BOTH_ENDS
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
    ],
)
def test_everything_that_puts_in_wakes(end, put):
    d = ConcurrentDeque(maxlen=1)
    for timeout in (None, LONG):
        task = Task(getattr(d.handle(), end), timeout=timeout).until_asleep()
        put(d)
        assert task.result() == "x"


def test_block_wakes_as_many():
    d = ConcurrentDeque()
    tasks = [Task(d.handle().pop, timeout=None).until_asleep() for _ in range(5)]
    d.extend(range(5))
    assert sorted(task.result() for task in tasks) == list(range(5))
    tasks = [Task(d.handle().popleft, timeout=None).until_asleep() for _ in range(4)]
    d.append("a")
    wait_until(lambda: sum(task.is_done() for task in tasks) == 1)
    d += "bcd"
    assert sorted(task.result() for task in tasks) == ["a", "b", "c", "d"]


def test_waiters_give_up_without_a_trace():
    d = ConcurrentDeque()

    def work(index):
        got = 0
        for _ in range(300):
            try:
                d.popleft(timeout=0.0002 * (index % 3))
                got += 1
            except EmptyDequeError:
                d.append(index)
        return got

    # Each attempt takes an item, or puts one in.
    got = sum(run_threads(6, work))
    assert len(d) == 6 * 300 - 2 * got
    task = Task(d.pop, timeout=None)
    d.append("end")
    assert task.result() is not None
