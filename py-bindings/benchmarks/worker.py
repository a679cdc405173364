"""The process of one library: it reads requests as lines of JSON, and answers each with a line.

python -m benchmarks.worker LIBRARY
"""

import json
import platform
import signal
import sys
from importlib import metadata

from benchmarks import timing
from benchmarks.cells import CELLS

# The module of each library, and the distribution that has its version.
DISTRIBUTIONS = {
    "ours": ("ft_utils", "ft-utils-rs"),
    "reference": ("ft_utils", "ft_utils"),
    "cereggii": ("cereggii", "cereggii"),
    "pysync": ("pysync", "pysync-nogil"),
    "aiologic": ("aiologic", "aiologic"),
    "culsans": ("culsans", "culsans"),
    "joblib": ("joblib", "joblib"),
    "hypertile": ("hypertile", "hypertile"),
    "pebble": ("pebble", "pebble"),
}


def _greeting(library: str) -> dict[str, object]:
    """Return the library's version and folder: another library has the same name."""
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    interpreter = (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{'with the GIL' if gil else 'free-threaded'}, {platform.python_compiler()}"
    )
    if library == "std":
        return {"version": platform.python_version(), "file": "", "interpreter": interpreter}
    module, distribution = DISTRIBUTIONS[library]
    file = __import__(module).__file__
    version = metadata.version(distribution)
    return {"version": version, "file": file, "interpreter": interpreter}


def _answer(question: dict[str, object]) -> dict[str, object]:
    cell = CELLS[str(question["cell"])]
    column = str(question["column"])
    threads, n, patience = (int(str(question[name])) for name in ("threads", "n", "patience"))
    if not n:
        n = timing.operations(cell, column, threads)
    return {"n": n, "ns": timing.turn(cell, column, threads, n, patience)}


def main() -> None:
    # Ctrl-C is for the parent process; when it has ended, there are no more requests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print(json.dumps(_greeting(sys.argv[1])), flush=True)
    for line in sys.stdin:
        try:
            answer = _answer(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
