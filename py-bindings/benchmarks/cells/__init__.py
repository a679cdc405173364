"""The cells, a file per kind of object."""

from benchmarks.cell import Cell
from benchmarks.cells import (
    atomics,
    caches,
    counters,
    dicts,
    executors,
    local,
    locks,
    looks,
    loops,
    queues,
    sharing,
)

CELLS: dict[str, Cell] = {}
_modules = (
    atomics,
    dicts,
    counters,
    caches,
    queues,
    executors,
    loops,
    locks,
    local,
    looks,
    sharing,
)
for _module in _modules:
    for _cell in _module.cells():
        if _cell.name in CELLS:
            raise ValueError(f"there are two cells {_cell.name!r}")
        CELLS[_cell.name] = _cell
