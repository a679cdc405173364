"""AtomicInt64: changes by many threads."""

from ft_utils.concurrency import AtomicInt64
from helpers.threads import flat, run_threads

from .shared import MAX

THREADS, ROUNDS = 4, 2000


def test_mixed_counting_is_exact():
    atomic = AtomicInt64()

    def work(index):
        nonlocal atomic
        mine = atomic.handle() if index % 2 else atomic
        for _ in range(ROUNDS):
            mine.incr()
            mine += 5
            mine.fetch_add(AtomicInt64(2))
            mine -= 3
            mine.decr()
            mine.update(lambda value: value + 1)

    run_threads(THREADS, work)
    assert atomic == THREADS * ROUNDS * 5


def test_incr_values_are_unique():
    atomic = AtomicInt64()
    values = run_threads(THREADS, lambda _: [atomic.incr() for _ in range(ROUNDS)])
    assert sorted(flat(values)) == list(range(1, THREADS * ROUNDS + 1))


def test_compare_exchange_counts_exactly():
    atomic = AtomicInt64()

    def work(_):
        for _ in range(ROUNDS):
            seen = atomic.get()
            while not atomic.compare_exchange(seen, seen + 1):
                seen = atomic.get()

    run_threads(THREADS, work)
    assert atomic == THREADS * ROUNDS


def test_exchange_loses_nothing():
    atomic = AtomicInt64(-1)

    def work(index):
        first = index * ROUNDS
        return [atomic.exchange(value) for value in range(first, first + ROUNDS)]

    seen = flat(run_threads(THREADS, work))
    seen.append(atomic.get())
    assert sorted(seen) == list(range(-1, THREADS * ROUNDS))


def test_bits_and_extremes_are_exact():
    bits, highest, lowest, flips = AtomicInt64(), AtomicInt64(), AtomicInt64(), AtomicInt64(5)

    def work(index):
        nonlocal bits, flips
        for round in range(ROUNDS):
            bits |= 1 << (round % 15 * 4 + index)
            highest.fetch_max(round * THREADS + index)
            lowest.fetch_min(-(round * THREADS + index))
            flips ^= 1 << index
        bits.fetch_and(~(1 << index))

    run_threads(4, work)
    assert bits == sum(0b1111 << n * 4 for n in range(1, 15))
    assert highest == ROUNDS * 4 - 1
    assert lowest == 1 - ROUNDS * 4
    assert flips == 5


def test_saturation_holds_among_threads():
    atomic = AtomicInt64(MAX - 10, overflow="saturate")
    run_threads(THREADS, lambda _: [atomic.fetch_add(3) for _ in range(ROUNDS)])
    assert atomic == MAX


def test_overflow_raises_among_threads():
    atomic = AtomicInt64(MAX - ROUNDS)

    def work(_):
        done = 0
        for _ in range(ROUNDS):
            try:
                atomic.incr()
            except OverflowError:
                continue
            done += 1
        return done

    assert sum(run_threads(THREADS, work)) == ROUNDS
    assert atomic == MAX
