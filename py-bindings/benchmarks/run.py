"""Measuring: each library in a process of its own, one after the other, again and again."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.cell import COLUMNS, LIBRARIES, Cell

_FOLDER = Path(__file__).parent.parent
# A turn that takes longer than this, in seconds, counts as hanging.
_LIMIT = 60.0


class WorkerError(Exception):
    """A worker did not answer; it has been ended."""


class Worker:
    """The process of a library."""

    def __init__(self, python: str, library: str, site: str) -> None:
        environment = dict(os.environ)
        environment["PYTHONPATH"] = site
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", library],
            cwd=_FOLDER,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.greeting = self._answer()
        if not str(self.greeting["file"]).startswith(site):
            self.stop()
            raise WorkerError(f"{library} is not in {site}, but {self.greeting['file']}")

    def ask(self, **question: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        # If the process is gone, there is no answer either.
        with suppress(BrokenPipeError):
            print(json.dumps(question), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        limit = threading.Timer(_LIMIT, self._process.kill)
        limit.start()
        line = self._process.stdout.readline()
        hangs = not limit.is_alive()
        limit.cancel()
        if not line:
            self.kill()
            self.stop()
            raise WorkerError("hangs" if hangs else f"crashed ({self._process.returncode})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the process: it exits when there is no more to read."""
        with suppress(BrokenPipeError):
            self._process.communicate()


@dataclass
class Figure:
    """The measurements of one column of a cell, on one number of threads."""

    n: int = 0
    # Nanoseconds, one for each round.
    ns: list[float] = field(default_factory=list)
    error: str = ""

    @property
    def median(self) -> float:
        return median(self.ns)


@dataclass(frozen=True)
class Key:
    """The cell, the column and the number of threads of a figure."""

    cell: str
    column: str
    threads: int = 1


Figures = dict[Key, Figure]


def ratio(
    figures: Figures, above: Sequence[Key], below: Sequence[Key]
) -> tuple[float, float, float] | None:
    """Divide the best of some figures by the best of others in each round: median, quartiles."""
    others, ours = best(figures, above), best(figures, below)
    if others is None or ours is None:
        return None
    pairs = zip(figures[others].ns, figures[ours].ns, strict=False)
    rounds = [theirs / mine for theirs, mine in pairs]
    if len(rounds) == 1:
        return rounds[0], rounds[0], rounds[0]
    low, _, high = quantiles(rounds, n=4, method="inclusive")
    return median(rounds), low, high


def best(figures: Figures, keys: Sequence[Key]) -> Key | None:
    """Return the cheapest of the columns that were measured."""
    found = [key for key in keys if key in figures and figures[key].ns]
    return min(found, key=lambda key: figures[key].median, default=None)


class Bench:
    """The installed libraries, and the figures so far."""

    def __init__(self, python: str, sites: Mapping[str, str]) -> None:
        self._python = python
        # The standard library is always installed.
        self._sites = {"std": "", **sites}
        self.workers: dict[str, Worker] = {}
        self.figures: Figures = {}
        self.versions: dict[str, str] = {}
        self.interpreter = ""
        # The load of the machine, if the system tells.
        self.load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        self.missing = [name for name in LIBRARIES if name not in self._sites]

    def run(
        self,
        cells: Sequence[Cell],
        threads: Sequence[int],
        rounds: int,
        patience: int,
        tell: Callable[[str, str], None],
    ) -> None:
        """Measure some rounds; a turn ends when a number of runs brought no better time."""
        for number in range(rounds):
            # Use new processes, because the layout of memory is random.
            self._start()
            try:
                for place, cell in enumerate(cells, 1):
                    tell(f"round {number + 1} of {rounds}", f"{place} of {len(cells)}: {cell.name}")
                    for count in cell.threads:
                        # A cell that starts at two threads has pairs of threads.
                        if count // cell.threads[0] in threads:
                            self._turns(cell, count, patience)
            finally:
                self._stop()

    def _start(self) -> None:
        for library, site in self._sites.items():
            try:
                worker = Worker(self._python, library, site)
            except WorkerError:
                if library == "ours":
                    raise
                self.missing.append(library)
                continue
            self.workers[library] = worker
            self.versions[library] = str(worker.greeting["version"])
            self.interpreter = str(worker.greeting["interpreter"])
        for library in self.missing:
            self._sites.pop(library, None)

    def _stop(self) -> None:
        for worker in self.workers.values():
            worker.stop()
        self.workers.clear()

    def _turns(self, cell: Cell, threads: int, patience: int) -> None:
        """Let each library have its turn."""
        for column in cell.ways:
            library = COLUMNS[column].library
            if library not in self._sites:
                continue
            key = Key(cell.name, column, threads)
            figure = self.figures.get(key, Figure())
            if figure.error:
                continue
            try:
                if library not in self.workers:
                    self.workers[library] = Worker(self._python, library, self._sites[library])
                answer = self.workers[library].ask(
                    cell=cell.name, column=column, threads=threads, n=figure.n, patience=patience
                )
            except WorkerError as error:
                self.workers.pop(library, None)
                answer = {"error": str(error)}
            if "error" in answer:
                figure.error = str(answer["error"])
                figure.ns.clear()
            else:
                figure.n = answer["n"]
                figure.ns.append(answer["ns"])
            # Not earlier: an interrupted run has none.
            self.figures[key] = figure
