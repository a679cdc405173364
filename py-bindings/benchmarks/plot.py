"""What operations cost on more and more threads, drawn."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib

from benchmarks.cell import COLUMNS, Cell
from benchmarks.run import Figures, Key

matplotlib.use("Agg")

from matplotlib.figure import Figure as Drawing

# A library has a color; what stands for its objects has another line.
_COLORS = {"ours": "tab:orange", "reference": "tab:blue", "cereggii": "tab:green", "std": "black"}
_LINES = {"": "-", "handle": "--", "wrapper": ":"}


def draw(figures: Figures, cells: Sequence[Cell], folder: Path) -> None:
    """Draw each cell that was measured on several numbers of threads, as PNG and as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for cell in cells:
        lines = {column: list(_points(figures, cell, column)) for column in cell.ways}
        lines = {column: points for column, points in lines.items() if len(points) > 1}
        if not lines:
            continue
        drawing = _drawing(cell, lines)
        name = re.sub(r"[^a-z0-9]+", "-", cell.name.lower()).strip("-")
        for kind in ("png", "svg"):
            # Without a date, the same figures make the same file.
            metadata = {"Date": None} if kind == "svg" else None
            drawing.savefig(folder / f"{name}.{kind}", metadata=metadata, dpi=120)


def _points(figures: Figures, cell: Cell, column: str) -> Iterator[tuple[int, float, float, float]]:
    """Threads, median, smallest, largest."""
    for threads in cell.threads:
        figure = figures.get(Key(cell.name, column, threads))
        if figure is not None and figure.ns:
            yield threads, figure.median, min(figure.ns), max(figure.ns)


def _drawing(cell: Cell, lines: dict[str, list[tuple[int, float, float, float]]]) -> Drawing:
    drawing = Drawing(figsize=(7, 4.5), layout="constrained")
    axes = drawing.subplots()
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
    axes.set_title(cell.name)
    axes.grid(which="major", alpha=0.3)
    axes.legend(fontsize="small")
    return drawing
