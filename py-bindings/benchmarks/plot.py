"""Plots of the cost of operations over the number of threads."""

import os
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from benchmarks.cell import COLUMNS, Cell
from benchmarks.run import Figures, Key

# Texts stay texts, and names stay the same in each run.
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["svg.hashsalt"] = "ft_utils"

# For each column: threads, median, smallest, largest.
_Lines: TypeAlias = dict[str, list[tuple[int, float, float, float]]]

# Each library has a color; stand-ins for its objects have another line style.
_COLORS = {
    "ours": "tab:orange",
    "reference": "tab:blue",
    "cereggii": "tab:green",
    "pysync": "tab:red",
    "aiologic": "tab:purple",
    "culsans": "tab:brown",
    "joblib": "tab:pink",
    "hypertile": "tab:olive",
    "pebble": "tab:cyan",
    "std": "black",
}
_LINES = {"": "-", "handle": "--", "wrapper": ":"}


def draw(figures: Figures, cells: Sequence[Cell], folder: Path) -> dict[str, Path]:
    """Draw the cells with several numbers of threads: each kind of object as PNG and as SVG.

    Return the path of each kind's SVG.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for kind, group in groupby(cells, key=lambda cell: cell.kind):
        drawn_cells = [(cell, lines) for cell in group if (lines := _lines(figures, cell))]
        if not drawn_cells:
            continue
        drawing = _drawing(drawn_cells)
        path = folder / re.sub(r"[^a-z0-9]+", "-", kind.lower())
        drawing.savefig(path.with_suffix(".png"), dpi=120)
        # Without a date, the same figures make the same file.
        drawing.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        drawn[kind] = path.with_suffix(".svg")
    return drawn


def _lines(figures: Figures, cell: Cell) -> _Lines:
    """Return the points of each column that has several."""
    lines = {column: list(_points(figures, cell, column)) for column in cell.ways}
    return {column: points for column, points in lines.items() if len(points) > 1}


def _points(figures: Figures, cell: Cell, column: str) -> Iterator[tuple[int, float, float, float]]:
    """Return threads, median, smallest, largest."""
    for threads in cell.threads:
        figure = figures.get(Key(cell.name, column, threads))
        if figure is not None and figure.ns:
            yield threads, figure.median, min(figure.ns), max(figure.ns)


def _drawing(cells: Sequence[tuple[Cell, _Lines]]) -> Drawing:
    columns = min(len(cells), 3)
    rows = -(-len(cells) // columns)
    drawing = Drawing(figsize=(5 * columns, 3.8 * rows), layout="constrained")
    places = drawing.subplots(rows, columns, squeeze=False).flat
    for cell, lines in cells:
        _draw_cell(next(places), cell, lines)
    for empty in places:
        empty.remove()
    return drawing


def _draw_cell(axes: Axes, cell: Cell, lines: _Lines) -> None:
    for column, points in lines.items():
        library = COLUMNS[column].library
        variant = column.removeprefix(library).removeprefix(", ")
        threads, medians, least, most = zip(*points, strict=True)
        style = {"color": _COLORS[library], "linestyle": _LINES[variant]}
        axes.plot(threads, medians, marker="o", markersize=4, label=column, **style)
        axes.fill_between(threads, least, most, color=_COLORS[library], alpha=0.1, linewidth=0)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(cell.threads, [str(count) for count in cell.threads])
    axes.set_xlabel(f"threads, on {os.cpu_count()} cores")
    axes.set_ylabel("ns of a core per operation")
    axes.set_title(cell.name, fontsize="medium")
    axes.grid(which="major", alpha=0.3)
    axes.legend(fontsize="small")
