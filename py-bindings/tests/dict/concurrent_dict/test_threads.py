"""ConcurrentDict: changes by many threads."""

import pytest
from ft_utils.concurrency import MISSING, ConcurrentDict
from helpers.objects import without_address
from helpers.threads import flat, run_threads

from .shared import ROUNDS, THREADS, Key


@pytest.mark.parametrize("key", [lambda n: n, str, lambda n: (n,), Key], ids=without_address)
def test_counters_are_exact(key):
    d = ConcurrentDict()

    def work(index):
        mine = d.handle() if index % 2 else d
        for n in range(ROUNDS):
            mine.add(key(n % 10))
            if n % 10 == 0:
                mine.add_many([key(m) for m in range(10)])
                mine.add_many({key(m): 2 for m in range(10)})
            mine.update_with(key(n % 10), lambda value: value + 1, 0)

    run_threads(THREADS, work)
    assert len(d) == 10
    assert set(d.values()) == {THREADS * ROUNDS // 10 * 5}


def test_compare_exchange_counts_exactly():
    d = ConcurrentDict()

    def work(_):
        for _ in range(ROUNDS):
            while True:
                seen = d.get("n", MISSING)
                new = 1 if seen is MISSING else seen + 1
                if d.compare_exchange("n", seen, new):
                    break

    run_threads(THREADS, work)
    assert d == {"n": THREADS * ROUNDS}


@pytest.mark.parametrize("key", [str, lambda n: Key(n)], ids=["str", "Key"])
def test_one_setdefault_wins(key):
    d = ConcurrentDict()

    def work(index):
        return [d.setdefault(key(n), (index, n)) for n in range(ROUNDS // 10)]

    results = run_threads(THREADS, work)
    assert all(result == results[0] for result in results)
    assert sorted(d.values()) == sorted(results[0])


@pytest.mark.parametrize("key", [str, lambda n: Key(n)], ids=["str", "Key"])
def test_one_pop_wins(key):
    d = ConcurrentDict(dictionary={key(n): n for n in range(ROUNDS // 10)})

    def work(_):
        return [d.pop(key(n), None) for n in range(ROUNDS // 10)]

    won = [n for result in run_threads(THREADS, work) for n in result if n is not None]
    assert sorted(won) == list(range(ROUNDS // 10))
    assert not d


def test_one_popitem_wins():
    d = ConcurrentDict(dictionary=dict.fromkeys(range(ROUNDS)))

    def work(_):
        won = []
        while True:
            try:
                won.append(d.popitem()[0])
            except KeyError:
                return won

    won = flat(run_threads(THREADS, work))
    assert sorted(won) == list(range(ROUNDS))
