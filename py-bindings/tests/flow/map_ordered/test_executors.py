"""map_ordered(): executors of threads and processes."""

import gzip
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count

import pytest
from ft_utils import ConcurrentQueue
from ft_utils.concurrency import map_ordered
from helpers.limits import LONG
from helpers.marks import POSIX
from helpers.places import BINDINGS
from helpers.programs import ASLEEP, run_python
from helpers.threads import Task, run_threads

from .shared import inverse, square


def die(n):
    if n == 3:
        os._exit(1)
    return n


@pytest.mark.parametrize("window", [1, 3, 64])
def test_threads(window):
    def slow_first(n):
        time.sleep(0.002 * (n % 3 == 0))
        return n

    with ThreadPoolExecutor(4) as executor:
        assert list(map_ordered(executor, slow_first, range(100), window)) == list(range(100))


def test_many_maps_on_one_executor():
    with ThreadPoolExecutor(3) as executor:

        def work(index):
            return list(map_ordered(executor, lambda n: (index, n), range(200), 4))

        assert run_threads(4, work) == [[(i, n) for n in range(200)] for i in range(4)]


def test_live_items():
    source = ConcurrentQueue()
    with ThreadPoolExecutor(2) as executor:
        task = Task(lambda: list(map_ordered(executor, square, source, 4)))
        source.push_many(range(50))
        source.shutdown()
        assert task.result() == [n * n for n in range(50)]


def spawned(workers):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.thread_unsafe(reason="starts processes")
def test_processes():
    with spawned(2) as executor:
        assert list(map_ordered(executor, square, range(50), 4)) == [n * n for n in range(50)]
        results = map_ordered(executor, inverse, [1, 0, 1], 4)
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)
        with pytest.raises(Exception, match=r"[Pp]ickle|local"):
            list(map_ordered(executor, lambda n: n, [1]))


@pytest.mark.thread_unsafe(reason="starts processes")
def test_process_that_dies():
    with spawned(1) as executor:
        results = map_ordered(executor, die, count(), 2)
        # The calls before may fail with it.
        with pytest.raises(BrokenProcessPool):
            for _ in range(4):
                next(results)
        assert list(results) == []
        with pytest.raises(BrokenProcessPool):
            next(map_ordered(executor, die, [1]))


@POSIX
def test_interrupt_ends_a_wait():
    out = run_python(
        f"""
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from ft_utils import map_ordered
{ASLEEP}
go = threading.Event()
executor = ThreadPoolExecutor(1)
results = map_ordered(executor, lambda _: go.wait(), [1, 2])
def interrupt():
    until_asleep(threading.main_thread().native_id)
    os.kill(os.getpid(), signal.SIGINT)
try:
    threading.Thread(target=interrupt, daemon=True).start()
    next(results)
except KeyboardInterrupt:
    print("interrupted", list(results))
go.set()
executor.shutdown()
"""
    )
    assert out == "interrupted []\n"


EXAMPLE = BINDINGS / "examples" / "compress_in_order.py"


@pytest.mark.thread_unsafe(reason="starts a process")
@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_example(executor, tmp_path):
    plain, packed = tmp_path / "plain", tmp_path / "packed.gz"
    plain.write_bytes(bytes(range(256)) * 5000)
    subprocess.run(
        [sys.executable, str(EXAMPLE), str(plain), "--output", str(packed)]
        + ["--executor", executor, "--workers", "2"],
        timeout=2 * LONG,
        check=True,
    )
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
