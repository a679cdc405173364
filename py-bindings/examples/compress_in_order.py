"""Compress a file on all cores, block by block, with the blocks in their order.

map_ordered() hands blocks to the workers of an executor, and yields the results in the order of the
blocks. It holds no more than --window blocks, so the file may be larger than memory. A compressed
block is a gzip file of its own, and several gzip files in a row are a gzip file, too.

    python compress_in_order.py [FILE] [--output FILE.gz] [--workers N] [--window N]
                                [--executor threads | processes | dask] [--scheduler ADDRESS]

Without a file it compresses the source of the standard library. In the end it unpacks the
result; if that differs from the file, the exit status is 1.

If threads are not enough, only the executor changes. With processes, compress() and the blocks have
to be picklable, and they are. To use several machines, install `distributed` on each, run `dask
scheduler` on one of them and `dask worker tcp://first-machine:8786` on the others, and call this
with --executor dask --scheduler tcp://first-machine:8786. Without --scheduler, --executor dask
starts a cluster of processes on this machine.
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
    """Compress a block: the work of a worker."""
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
    """Make the executor; the stack closes it at the end."""
    if kind == "threads":
        return stack.enter_context(ThreadPoolExecutor(workers))
    if kind == "processes":
        return stack.enter_context(ProcessPoolExecutor(workers))
    from distributed import Client

    # Dask has no types: its function returns an executor.
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
    """Tell whether the packed file contains the source file."""
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
