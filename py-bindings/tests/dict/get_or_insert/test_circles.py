"""get_or_insert(): factories that wait for each other."""

import threading

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.limits import LONG
from helpers.marks import WITH_FORK
from helpers.programs import run_python
from helpers.threads import Task


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


@WITH_FORK
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
    # The child has neither thread. Its own thread makes the value, and asks for another one.
    ok = d.get_or_insert("a", lambda: d.get_or_insert("b", lambda: 5) + 1) == 6
    os._exit(not ok)
assert os.waitpid(child, 0)[1] == 0
go.set()
for thread in threads:
    thread.join()
assert d["a"] == 1
"""
    )
