"""Loops on executors of processes and of a cluster."""

import multiprocessing
import os
import subprocess
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count

import pytest
from ft_utils import parallel_for_each, parallel_map, parallel_reduce, parallel_sort
from helpers.limits import LONG

from .shared import inverse, square

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


def die(n):
    if n == 3:
        os._exit(1)
    return n


@pytest.fixture(scope="module")
def executor():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def test_map(executor):
    for ordered in (True, False):
        results = parallel_map(square, range(500), executor=executor, ordered=ordered)
        assert sorted(results) == [n * n for n in range(500)]
    results = parallel_map(square, count(), executor=executor)
    assert [next(results) for _ in range(50)] == [n * n for n in range(50)]
    results.close()


def test_error(executor):
    results = parallel_map(inverse, [1, 2, 0, 1], executor=executor, chunk_size=4)
    assert [next(results), next(results)] == [1.0, 0.5]
    with pytest.raises(ZeroDivisionError) as caught:
        next(results)
    # Where it was raised in the other process.
    assert "return 1 / n" in "".join(traceback.format_exception(caught.value))


def test_what_cannot_be_sent(executor):
    with pytest.raises(Exception, match=r"[Pp]ickle|local"):
        parallel_for_each(lambda n: n, [1], executor=executor)
    with pytest.raises(Exception, match=r"[Pp]ickle|local"):
        parallel_for_each(square, [lambda: None], executor=executor)


def test_reduce_and_sort(executor):
    assert parallel_reduce(max, range(1000), executor=executor) == 999
    assert parallel_reduce(str.__add__, "abc" * 50, executor=executor, chunk_size=3) == "abc" * 50
    items = [n * 7919 % 100_003 for n in range(100_003)]
    assert parallel_sort(items, executor=executor) == list(range(100_003))
    assert parallel_sort(items, key=str, executor=executor) == sorted(items, key=str)


def test_process_that_dies():
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as executor, pytest.raises(BrokenProcessPool):
        parallel_for_each(die, count(), executor=executor)


CLUSTER = """
from itertools import count
from distributed import Client, LocalCluster
from ft_utils import parallel_for_each, parallel_map, parallel_reduce, parallel_sort

def square(n):
    return n * n

def inverse(n):
    return 1 / n

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes={processes}, dashboard_address=":0"
    ) as cluster, Client(cluster) as client:
        with client.get_executor() as executor:
            given = {"executor": executor, "n_threads": 2}
            squares = [n * n for n in range(300)]
            print(list(parallel_map(square, range(300), **given)) == squares)
            print(sorted(parallel_map(square, range(300), ordered=False, **given)) == squares)
            print(parallel_for_each(square, range(300), **given))
            print(parallel_reduce(max, range(300), **given))
            print(parallel_sort(range(70_000, 0, -1), **given) == list(range(1, 70_001)))
            results = parallel_map(inverse, [1, 2, 0, 4], chunk_size=4, **given)
            print(next(results), next(results))
            try:
                next(results)
            except ZeroDivisionError:
                print("in its place")
            # Without an end, and left early.
            results = parallel_map(square, count(), **given)
            print(next(results))
            results.close()
"""


@pytest.mark.parametrize("processes", [False, True])
def test_dask_cluster(processes, tmp_path):
    pytest.importorskip("distributed", reason="needs the package distributed, of Dask")
    program = tmp_path / "program.py"
    program.write_text(CLUSTER.replace("{processes}", str(processes)))
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )
    expected = ["True", "True", "None", "299", "True", "1.0 0.5", "in its place", "0"]
    assert done.stdout.splitlines() == expected, done
    assert done.returncode == 0, done
