"""ConcurrentDict: readers and iterators among writers, in many threads."""

import threading

import pytest
from ft_utils.concurrency import ConcurrentDict
from helpers.threads import Task, flat, run_threads

from .shared import ROUNDS, THREADS, Key


def churn(d, stop, key):
    """Add and delete keys until told to stop."""
    while not stop.is_set():
        for n in range(100):
            d[key(n)] = [n]
        for n in range(100):
            d.pop(key(n), None)


READERS = {
    "iteration": lambda d: [key for key in d],  # noqa: C416
    "list": list,
    "update": lambda d: ConcurrentDict().update(d),
    "union": lambda d: d | d,
    "plain union": lambda d: {} | d,
    "copy": lambda d: d.copy(),
    "items": lambda d: d.items(),
    "keys and values": lambda d: (d.keys(), d.values()),
    "equality": lambda d: (d == d.copy(), d == {}),
    "repr": repr,
    "length": lambda d: (len(d), bool(d)),
    "as_dict": lambda d: d.as_dict(),
    "popitem": lambda d: d.popitem() if len(d) > 150 else None,
}


@pytest.mark.parametrize("key", [int, Key], ids=["int", "Key"])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_reading_while_others_delete(read, key):
    d, stop = ConcurrentDict(4), threading.Event()
    writers = [Task(churn, d, stop, key) for _ in range(2)]
    try:
        for _ in range(25):
            read(d)
    finally:
        stop.set()
    for writer in writers:
        writer.result()


@pytest.mark.parametrize("read", [dict, lambda d: {**d}, lambda d: {}.update(d)])
def test_builtin_copies_while_others_delete(read):
    # These list the keys and then look up each, which we cannot change; as_dict() never raises.
    d, stop = ConcurrentDict(4), threading.Event()
    writer = Task(churn, d, stop, int)
    try:
        for _ in range(40):
            try:
                read(d)
            except KeyError as error:
                assert type(error.args[0]) is int
    finally:
        stop.set()
    writer.result()


def test_iteration_sees_what_stays():
    d, stop = ConcurrentDict(4), threading.Event()
    lasting = {f"stays {n}" for n in range(50)}
    d.update(dict.fromkeys(lasting))
    writer = Task(churn, d, stop, lambda n: n)
    try:
        for _ in range(100):
            for keys in (list(d), d.keys(), [key for key, _ in d.items()]):
                assert len(set(keys)) == len(keys)
                assert lasting <= set(keys)
    finally:
        stop.set()
    writer.result()


def test_one_iterator_in_many_threads():
    d = ConcurrentDict(8, dict.fromkeys(range(ROUNDS)))
    iterator = iter(d)
    seen = flat(run_threads(THREADS, lambda _: list(iterator)))
    assert sorted(seen) == list(range(ROUNDS))


def test_equal_hashes_in_many_threads():
    d = ConcurrentDict()

    def work(index):
        for round in range(20):
            for n in range(12):
                d[Key((index, n))] = round
                d[Key("shared")] = index
            for n in range(12):
                assert d.pop(Key((index, n))) == round
        return True

    assert all(run_threads(THREADS, work))
    assert d.keys() == [Key("shared")]
