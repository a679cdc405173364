"""Runs all cells for a while, so that the compiler learns which branches are taken.

python -m benchmarks.train
"""

from benchmarks import timing
from benchmarks.cell import COLUMNS
from benchmarks.cells import CELLS

# Rare events of a loop, such as a new segment of a queue, have to be rare here, too.
_OPERATIONS = 20_000


def main() -> None:
    for cell in CELLS.values():
        for column in cell.ways:
            if COLUMNS[column].library != "ours":
                continue
            threads = min(cell.threads)
            n = timing.stepped(cell, _OPERATIONS)
            timing.once(cell, column, threads, n)


if __name__ == "__main__":
    main()
