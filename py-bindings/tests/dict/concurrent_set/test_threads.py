"""ConcurrentSet: changes by many threads, and the scripts with which those of set were found."""

import operator
import threading

import pytest
from ft_utils.concurrency import ConcurrentSet
from helpers.threads import Task, flat, run_threads

THREADS, ROUNDS = 4, 1000


class Element:
    """An element that Python code compares."""

    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 50

    def __eq__(self, other):
        return self.n == other.n


kinds = pytest.mark.parametrize("kind", [int, str, lambda n: (n,), Element])


@kinds
def test_one_add_wins(kind):
    s = ConcurrentSet()
    won = run_threads(THREADS, lambda _: [n for n in range(ROUNDS // 4) if s.add(kind(n))])
    assert sorted(flat(won)) == list(range(ROUNDS // 4))
    assert len(s) == ROUNDS // 4


@kinds
def test_one_discard_wins(kind):
    s = ConcurrentSet(map(kind, range(ROUNDS // 4)))
    won = run_threads(THREADS, lambda _: [n for n in range(ROUNDS // 4) if s.discard(kind(n))])
    assert sorted(flat(won)) == list(range(ROUNDS // 4))
    assert not s


def test_one_pop_wins():
    s = ConcurrentSet(range(ROUNDS))

    def work(_):
        won = []
        while True:
            try:
                won.append(s.pop())
            except KeyError:
                return won

    assert sorted(flat(run_threads(THREADS, work))) == list(range(ROUNDS))


def test_each_element_of_an_operator_is_one_step():
    # Each element is toggled an even number of times, whatever the order.
    s, elements = ConcurrentSet(range(50)), set(range(100))

    def work(_):
        mine = s.handle()
        for _ in range(100):
            mine ^= elements

    run_threads(THREADS, work)
    assert s == set(range(50))


@pytest.mark.parametrize("elements", [0, 300, 20_000])
def test_a_shared_iterator_yields_each_element_once(elements):
    # python/cpython 144356: two threads advance one iterator of a set.
    iterator = iter(ConcurrentSet(range(elements)))
    seen = run_threads(THREADS, lambda _: list(iterator))
    assert sorted(flat(seen)) == list(range(elements))
    assert list(iterator) == []


READS = {
    "list": list,
    "set": set,
    "sorted": sorted,
    "copy": lambda s: set(s.copy()),
    "length hint": lambda s: [operator.length_hint(iter(s)), *s],
    "repr": lambda s: [repr(s), *s],
    "comparison": lambda s: [s == set(range(100)), s <= {1}, *s],
    "union": lambda s: s | {1},
    "difference": lambda s: s - {-1},
    "intersection": lambda s: s & set(range(-1, 10_000)),
    "frozenset": frozenset,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_reading_while_others_write(read):
    # The lasting elements are seen by each reading, and nothing raises. For set, this is an error
    # (python/cpython 116621) or a race (144356).
    lasting = set(range(100))
    s, stop = ConcurrentSet(lasting), threading.Event()

    def write():
        n = 1000
        while not stop.is_set():
            s.add(n)
            s.discard(n - 1)
            s.update({n + 1, n + 2})
            s.difference_update([n + 1, n + 2])
            n += 1 if n < 5000 else -4000

    tasks = [Task(write) for _ in range(2)]
    try:
        for _ in range(100):
            assert lasting <= set(read(s))
    finally:
        stop.set()
    for task in tasks:
        task.result()


def test_removals_of_two_threads_add_up():
    # python/cpython 126136: a set loses the removals of one of the two.
    for _ in range(300):
        s = ConcurrentSet(["a", "b", 17, 18, "c", "d", "e"])

        def work(index, s=s):
            if index:
                s.intersection_update({*range(30), "a"})
            else:
                s.__isub__({"b", "c", 1, 17})

        run_threads(2, work)
        assert s == {"a", 18}


def test_length_while_elements_are_toggled():
    # python/cpython 129519: here too, `^=` is no single step, but each element is.
    for _ in range(100):
        s = ConcurrentSet([1, 2, "a", "b", "c", "d", "e"])

        def work(index, s=s):
            if index:
                s.symmetric_difference_update({3, 4, "b", "e", "f"})
                return 8
            return len(s)

        seen, after = run_threads(2, work)
        assert 5 <= seen <= 10
        assert len(s) == after


def test_two_sets_that_change_each_other():
    one, other = ConcurrentSet(range(50)), ConcurrentSet(range(25, 75))

    def work(index):
        a, b = (one, other) if index % 2 else (other, one)
        for _ in range(50):
            a |= b
            a &= b
            a ^= b
            a -= b
            a.update(range(index, 50)), a == b, a <= b, a | b, a.isdisjoint(b), b.clear()

    run_threads(THREADS, work)
    assert one | other <= set(range(75))
