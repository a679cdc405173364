"""Runs the cells for one thread, while `cargo xtask instructions` counts the instructions.

python -m benchmarks.calls

It prints how often each cell does its operation.
"""

import gc
import os

from benchmarks import timing
from benchmarks.cell import OURS
from benchmarks.cells import CELLS

# Enough operations that rare events, such as a new segment of a queue, have their share.
_OPERATIONS = 1280


def main() -> None:
    gc.disable()
    gc.freeze()
    for cell in CELLS.values():
        if OURS not in cell.ways or 1 not in cell.threads or cell.has_threads:
            continue
        n = timing.stepped(cell, _OPERATIONS)
        # The interpreter learns, and caches fill.
        timing.once(cell, OURS, 1, n)
        # A function without other callers marks where the loop begins and ends.
        timing.once(cell, OURS, 1, n, clock=os.getpgrp)
        print(f"{n}: {cell.name}", flush=True)


if __name__ == "__main__":
    main()
