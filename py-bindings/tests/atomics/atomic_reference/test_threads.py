"""AtomicReference: changes by many threads."""

from ft_utils.concurrency import AtomicFlag, AtomicReference
from helpers.threads import flat, run_threads

from .shared import fresh


def test_updates_all_count():
    ref = AtomicReference(0)
    handles = [ref.handle() for _ in range(4)]

    def work(index):
        for _ in range(500):
            handles[index].update(lambda n: n + 1)

    run_threads(4, work)
    assert ref.get() == 2000


def test_loops_all_count():
    ref = AtomicReference((0,))

    def work(index):
        for _ in range(500):
            old = ref.get()
            if index % 2:
                while (now := ref.compare_and_swap(old, (old[0] + 1,))) is not old:
                    old = now
            else:
                while not ref.compare_exchange(old, (old[0] + 1,)):
                    old = ref.get()

    run_threads(4, work)
    assert ref.get() == (2000,)


def test_equal_exchanges_all_count():
    ref = AtomicReference(fresh(0))

    def work(index):
        done = 0
        for number in range(300):
            done += ref.compare_exchange_equal(fresh(number), fresh(number + 1))
            while ref.get() <= fresh(number):
                done += ref.compare_exchange_equal(fresh(number), fresh(number + 1))
        return done

    assert sum(run_threads(4, work)) == 300
    assert ref.get() == fresh(300)


def test_exchange_passes_each_object_on():
    ref = AtomicReference(-1)
    handles = [ref.handle() for _ in range(4)]

    def work(index):
        return [handles[index].exchange(index * 1000 + n) for n in range(1000)]

    seen = flat(run_threads(4, work))
    assert sorted([*seen, ref.get()]) == list(range(-1, 4000))


def test_readers_see_whole_objects():
    ref, done = AtomicReference([0, 0]), AtomicFlag(False)
    alive = [AtomicReference(0) for _ in range(4)]

    def work(index):
        if index < 2:
            for n in range(3000):
                if index:
                    ref.set([n, n])
                else:
                    ref.compare_exchange(ref.get(), [n, n])
            return done.set(True)
        while not done:
            one, two = ref.get()
            assert one == two
            alive[index].set([ref.get(), ref.exchange([7, 7])])
        return None

    run_threads(4, work)


def test_threads_come_and_go():
    ref = AtomicReference(0)
    for _ in range(20):
        run_threads(4, lambda _: ref.update(lambda n: n + 1))
    assert ref.get() == 80
