"""Runs all single-threaded cells, for `cargo xtask instructions`, which counts instructions.

python -m benchmarks.calls

It prints how often each cell performs its operation.
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
        if OURS not in cell.ways or 1 not in cell.threads:
            continue
        n = timing.stepped(cell, _OPERATIONS)
        # A first run lets the interpreter specialize the code, and fills the caches.
        timing.once(cell, OURS, 1, n)
        # A function that no other code calls marks the begin and the end of the loop.
        timing.once(cell, OURS, 1, n, clock=os.getpgrp)
        print(f"{n}: {cell.name}", flush=True)


if __name__ == "__main__":
    main()
