"""All classes at once, round after round: nothing lost, memory flat, every object released.

Run by ``cargo xtask soak``.
"""

import argparse
import gc
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# Each of these modules adds its scenarios to the list.
from soak import atomics, containers, flow, locks, queues, wrappers  # noqa: F401
from soak.items import alive, scenarios

SAMPLES = 40
# The growth that an allocator may cause between the second and the last quarter of the time.
GROWTH, SLACK = 1.05, 8 << 20


def resident() -> int:
    """Return the bytes of memory that the process has, as far as the system tells."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        return 0


def main() -> int:
    """Run the scenarios, and return how many things are wrong."""
    parser = argparse.ArgumentParser(prog="cargo xtask soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    args = parser.parse_args()
    rounds: Counter[str] = Counter()
    failures: list[str] = []
    end = threading.Event()

    def repeat(function: Callable[[], None]) -> None:
        try:
            while not end.is_set():
                function()
                rounds[function.__name__] += 1
        except BaseException:
            failures.append(f"{function.__name__}:\n{traceback.format_exc()}")
            end.set()

    threads = [threading.Thread(target=repeat, args=(each,)) for each in scenarios]
    for thread in threads:
        thread.start()
    samples = []
    for _ in range(SAMPLES):
        if end.wait(args.minutes * 60 / SAMPLES):
            break
        samples.append(resident())
        print(f"{sum(rounds.values()):8} rounds, {samples[-1] >> 20} MiB", flush=True)
    end.set()
    for thread in threads:
        thread.join(120)
        if thread.is_alive():
            failures.append("a thread hangs")
    for _ in range(3):
        gc.collect()
    for name, count in sorted(rounds.items()):
        print(f"{count:8} {name}")
    if alive.get():
        failures.append(f"{alive.get()} objects were not released")
    before, after = max(samples[10:20], default=0), max(samples[30:], default=0)
    if after > before * GROWTH + SLACK:
        failures.append(f"memory went from {before >> 20} to {after >> 20} MiB")
    for failure in failures:
        print(failure, file=sys.stderr)
    print("soak:", f"{len(failures)} failures" if failures else "nothing lost, all released")
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
