"""The Std queues: many producers and consumers."""

import itertools
import time

import pytest
from ft_utils.concurrency import Empty, Full, StdConcurrentQueue
from helpers.threads import Task, flat, run_threads

from .shared import EACH


@EACH
@pytest.mark.parametrize("maxsize", [0, 1, 5])
def test_everything_arrives(kind, maxsize):
    q = kind(maxsize)
    n_items, n_threads = 500, 3

    def work(index):
        mine = q.handle()
        if index < n_threads:
            for n in range(n_items):
                if n % 3 == 0:
                    mine.put((n, index))
                elif n % 3 == 1:
                    mine.put((n, index), timeout=1000)
                else:
                    while True:
                        try:
                            mine.put_nowait((n, index))
                            break
                        except Full:
                            time.sleep(0)
                assert maxsize == 0 or mine.qsize() <= maxsize
            return []
        got = []
        for n in range(n_items):
            got.append(mine.get() if n % 2 else mine.get(timeout=1000))
            mine.task_done()
        return got

    results = run_threads(2 * n_threads, work)[n_threads:]
    assert sorted(flat(results)) == sorted(itertools.product(range(n_items), range(n_threads)))
    if kind is StdConcurrentQueue:
        for got in results:
            for index in range(n_threads):
                mine = [n for n, producer in got if producer == index]
                assert mine == sorted(mine)
    q.join()
    assert q.empty()


@EACH
def test_bound_is_exact_among_threads(kind):
    for _ in range(100):
        q = kind(1)

        def put(index, q=q):
            try:
                q.put_nowait(index)
                return 1
            except Full:
                return 0

        assert sum(run_threads(4, put)) == 1
        assert q.qsize() == q.unfinished_tasks == 1


@EACH
def test_waiting_getters_are_no_room(kind):
    q = kind(1)
    gets = [Task(q.get).until_asleep() for _ in range(2)]
    q.put(1)
    q.put(2)
    assert sorted(get.result() for get in gets) == [1, 2]
    q.put(3)
    with pytest.raises(Full):
        q.put_nowait(4)


def test_getters_are_served_in_line():
    q = StdConcurrentQueue()
    with pytest.raises(Empty):
        q.get(timeout=0.001)
    gets = [Task(q.get).until_asleep()]
    gets.append(Task(q.get).until_asleep())
    q.put("first")
    gets[0].result()
    q.put("second")
    assert [get.result() for get in gets] == ["first", "second"]
