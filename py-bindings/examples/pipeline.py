"""A pipeline that ends as a whole: threads read files, and a coroutine writes what they have found.

An error in any part, in one of the threads or in the coroutine, stops all parts, wherever they
wait: for room in the queue, for a row, or for a slow disk. The caller gets the error with its
traceback, and never takes a partial result for a whole one: the output has its name only if it is
complete.

The program makes files, each with a number, and runs the pipeline three times: without an error,
with a bad file in the middle, and with a writer that fails there. For each run it tells how many
rows were written, whether that was all, and how long it took from the error to the end of the last
thread. If a run ends in another way than it should, the exit status is 1.

    python pipeline.py [--files N] [--threads N] [--delay MS] [--tracebacks]
"""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ft_utils import ConcurrentQueue, ShutDown, ThreadGroup


class Row(NamedTuple):
    name: str
    number: int


class Bad(Exception):
    """An error that this program makes on purpose. It knows when it was made."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.at = time.perf_counter()


# The pipeline.


def read(
    paths: Iterator[Path], rows: ConcurrentQueue[Row], group: ThreadGroup, delay: float
) -> None:
    """Read files until none is left: the work of a thread."""
    for path in paths:
        # A slow disk. Unlike time.sleep(), this ends if the group stops.
        if group.stopping.wait(delay):
            return
        text = path.read_text()
        if not text.isdigit():
            raise Bad(f"{path.name} is bad: {text!r}")
        # It waits while the writer is behind, and raises Stopped if the group stops.
        rows.push(Row(path.name, int(text)))


def read_all(paths: list[Path], rows: ConcurrentQueue[Row], threads: int, delay: float) -> None:
    """Let threads read all files, and tell the writer when they have."""
    todo: ConcurrentQueue[Path] = ConcurrentQueue()
    todo.push_many(paths)
    todo.shutdown()
    with ThreadGroup() as readers:
        for number in range(threads):
            readers.start(read, iter(todo), rows, readers, delay, name=f"reader {number}")
    # If a reader has failed, the block has raised its error. So this is the end, not an abort.
    rows.shutdown()


async def write(rows: ConcurrentQueue[Row], output: Path, fails_at: int | None) -> None:
    """Write rows until there are no more."""
    count = 0
    with output.open("w") as file:
        while True:
            try:
                row = await rows.pop_async()
            except ShutDown:
                return
            count += 1
            if count == fails_at:
                raise Bad("the writer cannot write")
            file.write(f"{row.name} {row.number}\n")


async def run(
    paths: list[Path], output: Path, threads: int, delay: float, fails_at: int | None
) -> None:
    """Write a row for each file; raise an ExceptionGroup of all errors if there is one."""
    partial_output = output.with_suffix(".part")
    async with ThreadGroup() as group:
        rows = group.register(ConcurrentQueue[Row](maxsize=2 * threads))
        group.start(read_all, paths, rows, threads, delay)
        await write(rows, partial_output, fails_at)
    # Only what is complete gets here.
    partial_output.rename(output)


# The three runs.


def make_files(folder: Path, count: int, bad: int | None) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"file-{number:04}" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text("a bad row" if number == bad else str(number))
    return paths


def errors_in(group: BaseExceptionGroup) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from errors_in(error)
        else:
            yield error


def report(title: str, output: Path, error: BaseExceptionGroup | None) -> bool:
    """Print how a run has ended; return whether that was right."""
    ended = time.perf_counter()
    rows = (output if error is None else output.with_suffix(".part")).read_text().count("\n")
    state = "complete" if output.exists() else "partial"
    errors = [] if error is None else list(errors_in(error))
    print(f"{title:20}{rows:5} rows, {state}", end="")
    for each in errors:
        frames = traceback.extract_tb(each.__traceback__)
        stopped = f" {ended - each.at:.3f} s later" if isinstance(each, Bad) else ""
        print(f"; {each!r} in {frames[-1].name}(), all ended{stopped}", end="")
    print()
    is_alone = threading.active_count() == 1
    return is_alone and output.exists() == (error is None) and len(errors) <= 1


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def main() -> int:
    parser = argparse.ArgumentParser(description="A pipeline that ends as a whole.")
    add = partial(parser.add_argument, type=positive, metavar="N")
    add("--files", default=500, help="to read (%(default)s)")
    add("--threads", default=8, help="that read (%(default)s)")
    add("--delay", default=2, help="milliseconds that a file takes (%(default)s)")
    parser.add_argument("--tracebacks", action="store_true", help="print them")
    options = parser.parse_args()
    middle = options.files // 2
    is_right = True
    for title, bad, fails_at in (
        ("no error", None, None),
        ("a bad file", middle, None),
        ("a writer that fails", None, middle + 1),
    ):
        with tempfile.TemporaryDirectory() as folder:
            paths = make_files(Path(folder) / "in", options.files, bad)
            output, found = Path(folder) / "rows.txt", None
            try:
                asyncio.run(run(paths, output, options.threads, options.delay / 1000, fails_at))
            except* Bad as group:
                found = group
            has_failed = bad is not None or fails_at is not None
            is_right &= report(title, output, found) and has_failed == (found is not None)
            if found is not None and options.tracebacks:
                traceback.print_exception(found, file=sys.stdout)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
