"""The command line of the package."""

import argparse
import json
import os
import sys
import time
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks import report, timing
from benchmarks.cell import Cell
from benchmarks.cells import CELLS
from benchmarks.run import Bench, WorkerError

_ROUNDS = 7
# The options that `--quick` stands for.
_QUICK_ROUNDS, _QUICK_PATIENCE = 3, 3


def main() -> None:
    words = _parse()
    cells = choose(*words.cells or [""])
    if not cells:
        sys.exit(f"no cell fits {words.cells!r}; there are:\n" + "\n".join(CELLS))
    patience = _QUICK_PATIENCE if words.quick else timing.PATIENCE
    rounds = words.rounds or (_QUICK_ROUNDS if words.quick else _ROUNDS)

    threads = words.threads or ([1, 2, 4, 8] if words.plot else [1, 2])
    bench = Bench(words.python, dict(words.site))
    progress = _Progress()
    try:
        bench.run(cells, threads, rounds, patience, progress)
    except WorkerError as error:
        sys.exit(f"ours: {error}")
    except KeyboardInterrupt:
        print("\ninterrupted; this is what there is:", file=sys.stderr)
    progress.end()
    print(report.plain(report.table(bench.figures, cells)))
    print()
    print(report.plain(report.reached(bench.figures), 3))
    print("\nmissed, the worst first:")
    print("\n".join(report.missed(bench.figures)) or "nothing")
    for library in bench.missing:
        print(f"\n{library} was not there")
    if words.json:
        words.json.write_text(json.dumps(report.as_json(bench), indent=1) + "\n")
    plots = {}
    if words.plot:
        # The library that draws may not be installed.
        from benchmarks import plot

        plots = plot.draw(bench.figures, cells, words.plot)
    if words.summary:
        words.summary.write_text(report.summary(bench, cells))
    if words.markdown:
        links = {
            kind: Path(os.path.relpath(path, words.markdown.parent)).as_posix()
            for kind, path in plots.items()
        }
        words.markdown.write_text(report.markdown(bench, cells, patience, links))


def choose(*patterns: str) -> list[Cell]:
    """Return the cells whose name contains one of the patterns or fits it."""

    def fits(name: str, pattern: str) -> bool:
        return pattern in name or fnmatchcase(name, pattern)

    lower = [pattern.lower() for pattern in patterns]
    return [cell for name, cell in CELLS.items() if any(fits(name.lower(), each) for each in lower)]


class _Progress:
    """A line that changes on a terminal, and a line each minute elsewhere."""

    def __init__(self) -> None:
        self._next = time.monotonic()

    def __call__(self, where: str, cell: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{where}: {cell}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= self._next:
            print(f"{where}: {cell}", file=sys.stderr, flush=True)
            self._next = time.monotonic() + 60

    def end(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _site(text: str) -> tuple[str, str]:
    library, equals, folder = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected LIBRARY=FOLDER, not {text!r}")
    return library, str(Path(folder).resolve())


def _counts(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument(
        "--site", type=_site, action="append", default=[], help="where a library is installed"
    )
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure on")
    parser.add_argument(
        "--cells",
        action="append",
        help="those with this in their name (or *, ?); may be given several times",
    )
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few rounds and runs")
    parser.add_argument("--threads", type=_counts, default=[], help="such as 1,2,4,8")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--summary", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    main()
