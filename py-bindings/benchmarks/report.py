"""The tables: for people, for programs, and the page."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from benchmarks import timing
from benchmarks.cell import COLUMNS, HANDLE, OURS, STD, WRAPPER, Cell
from benchmarks.goals import Goal, goals
from benchmarks.run import Bench, Figures, Key, best, ratio

_OF_OURS = {OURS, HANDLE, WRAPPER}


def table(figures: Figures, cells: Sequence[Cell]) -> list[list[str]]:
    """Return a row for each cell and number of threads: the costs, and the fastest column."""
    rows = [["cell", "threads", *COLUMNS, "ratio", "quartiles"]]
    for cell in cells:
        for threads in _threads(figures, cell):
            costs = [_cost(figures, Key(cell.name, column, threads)) for column in COLUMNS]
            found = ratio(figures, *_sides(cell, threads))
            compared = ["", ""]
            if found is not None:
                compared = [f"{found[0]:.2f}", f"{found[1]:.2f}-{found[2]:.2f}"]
            rows.append([cell.name, str(threads), *costs, *compared])
    return rows


def _threads(figures: Figures, cell: Cell) -> list[int]:
    """Return the numbers of threads that were measured."""
    return sorted({key.threads for key in figures if key.cell == cell.name})


def _sides(cell: Cell, threads: int) -> tuple[list[Key], list[Key]]:
    """Return the other columns that count, and the column of this library."""
    others = set(cell.ways) - _OF_OURS - ({STD} if cell.only_scale else set())
    above = [Key(cell.name, column, threads) for column in sorted(others)]
    return above, [Key(cell.name, column, threads) for column in sorted(_OF_OURS)]


def _cost(figures: Figures, key: Key) -> str:
    figure = figures.get(key)
    if figure is None:
        return ""
    if not figure.ns:
        return figure.error.split()[0]
    return f"{figure.median:.0f}" if figure.median >= 10 else f"{figure.median:.1f}"


def reached(figures: Figures) -> list[list[str]]:
    """Return a row for each goal for which something was measured."""
    rows = [["row", "cell", "to reach", "measured", ""]]
    for goal, measured in _judged(figures):
        missed = goal.missed(measured)
        verdict = "reached" if missed <= 0 else f"missed by {missed:.0%}"
        rows.append([goal.row, goal.what, goal.target(), f"{measured:.2f}", verdict])
    return rows


def _judged(figures: Figures) -> Iterator[tuple[Goal, float]]:
    for goal in goals():
        measured = goal.measured(figures)
        if measured is not None:
            yield goal, measured


def missed(figures: Figures) -> list[str]:
    """Return the goals that are not reached, the worst first."""
    found = [(goal.missed(measured), goal, measured) for goal, measured in _judged(figures)]
    found = [each for each in found if each[0] > 0]
    found.sort(key=lambda each: -each[0])
    return [
        f"{goal.what}: {measured:.2f}, {goal.target().removesuffix(' of').removesuffix(' than')}: "
        f"missed by {by:.0%}"
        for by, goal, measured in found
    ]


def plain(rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """Format a table without empty columns; the first columns are text."""
    kept = [
        place
        for place in range(len(rows[0]))
        if any(row[place] for row in rows[1:]) or not rows[0][place]
    ]
    widths = {place: max(len(row[place]) for row in rows) for place in kept}
    lines = []
    for row in rows:
        words = [
            row[place].ljust(widths[place]) if place < texts else row[place].rjust(widths[place])
            for place in kept
        ]
        lines.append("  ".join(words).rstrip())
    return "\n".join(lines)


def as_json(bench: Bench) -> dict[str, object]:
    """Return all figures."""
    return {
        "machine": machine(),
        "interpreter": bench.interpreter,
        "load": bench.load,
        "versions": bench.versions,
        "missing": bench.missing,
        "figures": [
            {**asdict(key), **asdict(figure), "median": figure.median if figure.ns else None}
            for key, figure in bench.figures.items()
        ],
    }


def machine() -> dict[str, str]:
    """Return a description of the machine and the interpreter."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
    }


_METHOD = """\
Each library has a process of its own, on the same interpreter. They take turns at each cell
(A B C A B C ...), with new processes in each of {rounds} rounds. In a turn there are runs of about
{ms_of_one:.0f} ms ({ms:.0f} ms with several threads), each on an object of its own (executors
stay), until {patience} in a row ({several}) are no better than the best before, which counts:
what else the machine does makes a run longer, never shorter. No turn takes much longer than
{seconds} s. Runs in which a thread began late do not count, unless there are no others. A figure
is the median of the rounds; a ratio is the median of the ratios within a round, shown with its
quartiles. The garbage collector is off.

A figure is the time from the start of the first thread to the end of the last one, on all cores
that the threads have, by the operations of all threads, in nanoseconds. With one thread, or two on
two cores, that is the time by the operations of a thread; threads that do not hinder each other
have the same figure as one, also where there are more of them than cores.

The loop is the same for all libraries, and uses local variables; what it costs itself is in every
figure, and is the line "empty loop". One thread has made the object that it works on; several work
on one that yet another thread has made. "Handle" is what `handle()` returns in each thread,
"wrapper" a `LocalWrapper` in each thread. A library has a figure where it has the same operation.
Keys and values are objects that live for ever (small integers, interned strings, None): of others,
threads that get the same one fight for its reference count, whatever the container does.

`ratio` is the best of the others by the best of ours: 2.00 is twice as fast as each of the others,
less than 1 slower than one of them. The standard library counts, except in the cells of locks
and wrappers, where `threading.Lock` and the object itself are shown for scale.

To do it again: `cargo xtask bench --markdown docs/benchmarks.md --plot docs/plots`.
"""


_LIMITS = (
    "What was tried where one is missed, and what the limit is: "
    "[performance.md](performance.md#what-the-limits-are)."
)


def markdown(bench: Bench, cells: Sequence[Cell], patience: int, plots: Mapping[str, str]) -> str:
    """Return the page, with links to the plots."""
    parts = ["# Benchmarks", "", "Made by `cargo xtask bench`; not to be edited.", ""]
    parts += [*_circumstances(bench), "", "## Method", ""]
    # An interrupted run has fewer rounds in some cells.
    counts = sorted({len(figure.ns) for figure in bench.figures.values() if figure.ns})
    method = _METHOD.format(
        rounds=" to ".join(str(count) for count in dict.fromkeys([counts[0], counts[-1]])),
        patience=patience,
        several=patience * timing.PATIENCE_OF_SEVERAL,
        ms_of_one=timing.SECONDS_OF_ONE * 1000,
        ms=timing.SECONDS * 1000,
        seconds=timing.MOST_SECONDS,
    )
    parts += [method]
    parts += ["## Goals", "", _LIMITS, ""]
    rows = reached(bench.figures)
    for title, group in groupby(rows[1:], key=lambda row: row[0]):
        parts += [f"### {title[0].upper()}{title[1:]}", ""]
        parts += [*_markdown_table([rows[0][1:], *(row[1:] for row in group)]), ""]
    parts += ["## All figures", ""]
    all_rows = table(bench.figures, cells)
    for kind, group in groupby(all_rows[1:], key=lambda row: row[0].partition(": ")[0]):
        parts += [f"### {kind[0].upper()}{kind[1:]}", ""]
        parts += [f"![{kind}, over threads]({plots[kind]})", ""] if kind in plots else []
        parts += [*_markdown_table([all_rows[0], *group]), ""]
    return "\n".join(parts)


_SHORT = """\
How many times faster the best of ours is than the best of the others, which is named: 2.00 is twice
as fast, less than 1 slower. It is the median of the ratios within {rounds} rounds, on as many
threads as the column says. [benchmarks.md](benchmarks.md) says how it is measured, and has all
figures of an interpreter.
"""


def summary(bench: Bench, cells: Sequence[Cell]) -> str:
    """Return a short page with the ratios only, such as for one more interpreter."""
    figures = bench.figures
    rounds = max((len(figure.ns) for figure in figures.values()), default=0)
    parts = ["# Benchmarks in short", "", "Made by `cargo xtask bench`; not to be edited.", ""]
    parts += [*_circumstances(bench), "", _SHORT.format(rounds=rounds)]
    counts = sorted({key.threads for key in figures})
    rows = [["cell", *(_of_threads(count) for count in counts)]]
    for cell in cells:
        ratios = [_ratio_beside(figures, cell, count) for count in counts]
        if any(ratios):
            rows.append([cell.name, *ratios])
    return "\n".join([*parts, *_markdown_table(rows), ""])


def _of_threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _ratio_beside(figures: Figures, cell: Cell, threads: int) -> str:
    others, ours = _sides(cell, threads)
    found, other = ratio(figures, others, ours), best(figures, others)
    return "" if found is None or other is None else f"{found[0]:.2f} ({other.column})"


# The name of a library elsewhere, where it differs from the names of its columns.
_NAMES = {"ours": "ft_utils (ours)", "reference": "ft_utils (reference)", "pysync": "pysync-nogil"}


def _circumstances(bench: Bench) -> list[str]:
    """Return lines about the machine, its load, and the versions of the libraries."""
    lines = [f"- {name}: {value}" for name, value in machine().items()]
    lines += [f"- interpreter: {bench.interpreter}"]
    if bench.load is not None:
        lines += [f"- load of the machine by others, before: {bench.load:.1f}"]
    versions = [f"{_NAMES.get(name, name)} {value}" for name, value in bench.versions.items()]
    lines += [f"- versions: {', '.join(versions)}"]
    missing = [_NAMES.get(name, name) for name in bench.missing]
    return [*lines, f"- could not be installed: {', '.join(missing)}"] if missing else lines


def _markdown_table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(rows)
    kept = [place for place in range(len(rows[0])) if any(row[place] for row in rows[1:])]
    for number, row in enumerate(rows):
        cells = [row[place].replace("|", "\\|") for place in kept]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield "|" + "|".join("---" if place == kept[0] else "---:" for place in kept) + "|"
