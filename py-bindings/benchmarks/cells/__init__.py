"""The cells, a file per kind of object."""

from benchmarks.cell import Cell
from benchmarks.cells import atomics, dicts, local, locks, looks, queues, sharing

CELLS: dict[str, Cell] = {}
for _module in (atomics, dicts, queues, locks, local, looks, sharing):
    for _cell in _module.cells():
        if _cell.name in CELLS:
            raise ValueError(f"there are two cells {_cell.name!r}")
        CELLS[_cell.name] = _cell
