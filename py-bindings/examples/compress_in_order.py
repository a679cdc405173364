"""Compress a file on all cores, block by block, with the blocks in their order.

map_ordered() hands blocks to the workers of an executor and yields what they return in the order of
the blocks, holding no more than --window of them: the file may be larger than memory. A compressed
block is a gzip file of its own, and gzip files one after the other are a gzip file.

    python compress_in_order.py [FILE] [--output FILE.gz] [--workers N] [--window N]
                                [--executor threads | processes | dask] [--scheduler ADDRESS]

Without a file it compresses the source of the standard library. In the end it unpacks the
result; if that differs from the file, the exit status is 1.

Nothing but the executor changes when threads are not enough. With processes, compress() and the
blocks have to be picklable, and they are. To go past one machine, start a Dask cluster (on one
machine `dask scheduler`, on the others `dask worker tcp://first-machine:8786`; pip install
distributed), and say --executor dask --scheduler tcp://first-machine:8786. Without --scheduler a
cluster of processes is started here.
"""

import argparse
import gzip
import os
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ft_utils import map_ordered

BLOCK = 1 << 18


def compress(block: bytes) -> bytes:
    """The work: what a worker does with a block."""
    return gzip.compress(block, mtime=0)


def compress_file(source: BinaryIO, target: BinaryIO, executor: Executor, window: int) -> int:
    """Compress source to target, and return the number of blocks."""
    blocks = iter(partial(source.read, BLOCK), b"")
    count = 0
    for compressed in map_ordered(executor, compress, blocks, window):
        target.write(compressed)
        count += 1
    return count


def make_executor(kind: str, workers: int, scheduler: str | None, stack: ExitStack) -> Executor:
    """Make the executor; the stack closes what it needs."""
    if kind == "threads":
        return stack.enter_context(ThreadPoolExecutor(workers))
    if kind == "processes":
        return stack.enter_context(ProcessPoolExecutor(workers))
    from distributed import Client

    # Dask has no types: this is what one of its functions returns.
    start: Callable[..., Any] = Client
    client = start(scheduler) if scheduler else start(n_workers=workers, threads_per_worker=1)
    executor: Executor = stack.enter_context(stack.enter_context(client).get_executor())
    return executor


def standard_library(folder: Path) -> Path:
    """Write the source of the standard library into one file."""
    path = folder / "library.py"
    with path.open("wb") as file:
        for source in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
            file.write(source.read_bytes())
    return path


def is_same(path: Path, packed: Path) -> bool:
    """Tell whether the one is what is packed in the other."""
    with path.open("rb") as plain, gzip.open(packed, "rb") as unpacked:
        while True:
            block = plain.read(BLOCK)
            if block != unpacked.read(BLOCK):
                return False
            if not block:
                return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Compress a file on all cores.")
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--output", type=Path, help="default: nothing is kept")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--window", type=int, help="blocks at a time; default: twice the workers")
    parser.add_argument("--executor", choices=["threads", "processes", "dask"], default="threads")
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = args.file or standard_library(folder)
        packed = args.output or folder / "packed.gz"
        executor = make_executor(args.executor, args.workers, args.scheduler, stack)
        start = time.perf_counter()
        with path.open("rb") as source, packed.open("wb") as target:
            window = args.window or 2 * args.workers
            count = compress_file(source, target, executor, window)
        seconds = time.perf_counter() - start
        sizes = f"{path.stat().st_size:,} to {packed.stat().st_size:,} bytes"
        print(f"{sizes}, {count} blocks, {args.workers} {args.executor}, {seconds:.2f} s")
        if not is_same(path, packed):
            print("the result differs from the file", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
