"""Imports modules in fresh interpreters, whatever these modules do."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Extension", "Import", "Probe", "probe"]

Outcome = Literal["imported", "not found", "raised", "exited", "crashed", "timed out"]

# These would make the outcome another one, or drown it.
_VARIABLES = {"PYTHON_GIL", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME", "PYTHONWARNINGS"}


@dataclass
class Extension:
    """An extension module that an import loaded, or tried to."""

    module: str
    file: str
    #: Whether it declares that it can do without the GIL; None if it did not get so far, or if
    #: there is nobody who reads it, as on builds with the GIL.
    declares: bool | None = None


@dataclass
class Import:
    """What came of importing a module."""

    module: str
    outcome: Outcome
    #: What was raised, the signal that ended the process, and what was being loaded then; or that
    #: it is not known what brought the GIL back.
    detail: str = ""
    #: Whether the GIL was on afterwards; None if there was nobody left to tell.
    gil_enabled: bool | None = None
    #: The extension module whose loading turned the GIL on.
    gil_brought_by: str | None = None


@dataclass
class Probe:
    """What was seen in one or several fresh interpreters."""

    imports: list[Import] = field(default_factory=list)
    #: Those that were loaded, in that order.
    extensions: list[Extension] = field(default_factory=list)
    #: Those that do not declare that they can do without the GIL, in the order in which the
    #: interpreter found out.
    undeclared: list[str] = field(default_factory=list)
    #: Those that were there before any of the modules was imported, through a ``.pth`` file, say.
    undeclared_at_start: list[str] = field(default_factory=list)


def probe(
    modules: Sequence[str], timeout: float, *, free_threaded: bool, target: str | None = None
) -> Probe:
    """Import modules one after the other, in a fresh interpreter with the default setting.

    Where one of them ends or blocks the process, those after it are imported in another. `timeout`,
    in seconds, is for each process. They are looked for in `target` first.
    """
    probe = Probe()
    left = list(modules)
    while True:
        events, ending = _run(left, timeout, free_threaded, target)
        seen = _Reader()
        for event in events:
            seen.read(event)
        done = seen.imports
        if ending is None and len(done) < len(left):
            ending = "crashed", "the process ended with status 0"
        if ending is not None:
            if not seen.started:
                raise OSError(f"a fresh interpreter does not start: {ending[1]}")
            outcome, detail = ending
            if seen.importing is None:
                raise OSError(f"a fresh interpreter ends before its time: {detail}")
            loading = f" while {seen.loading[-1]} was loaded" if seen.loading else ""
            seen.finish(seen.importing, outcome, detail + loading)
        seen.declare(free_threaded)
        probe.imports += done
        probe.extensions += seen.extensions
        for into, new in (
            (probe.undeclared_at_start, seen.undeclared_at_start),
            (probe.undeclared, seen.undeclared),
        ):
            into += [name for name in new if name not in into]
        left = left[len(done) :]
        if not left:
            return probe


class _Reader:
    """Makes sense of what the child wrote."""

    def __init__(self) -> None:
        self.started = False
        #: Whether the GIL was on after the latest import, or at the start.
        self.gil = True
        #: Whether the GIL came back, and the interpreter named no module.
        self.unseen = False
        self.importing: str | None = None
        self.imports: list[Import] = []
        self.extensions: list[Extension] = []
        #: Those whose declaration was read.
        self.loaded: set[str] = set()
        #: Those whose code was running last, one inside the other.
        self.loading: list[str] = []
        #: Those that need the GIL.
        self.undeclared: list[str] = []
        self.undeclared_at_start: list[str] = []

    def read(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "started":
                self.started = True
                self.gil = event["gil"]
                # Only what the imports load is listed.
                self.undeclared_at_start, self.undeclared = self.undeclared, []
                self.extensions.clear()
            case "import":
                self.importing = event["module"]
                self.loading.clear()
            case "load":
                self.extensions.append(Extension(event["name"], event["file"]))
                self.loading.append(event["name"])
            case "loaded":
                self.loaded.add(event["name"])
            case "undeclared":
                if event["name"] not in self.undeclared:
                    self.undeclared.append(event["name"])
            case "left":
                # The last of that name: threads may import too, and mix the order.
                if event["name"] in self.loading:
                    self.loading.reverse()
                    self.loading.remove(event["name"])
                    self.loading.reverse()
            case "result":
                self.importing = None
                self.finish(event["module"], event["outcome"], event["detail"], event["gil"])

    def finish(self, module: str, outcome: Outcome, detail: str, gil: bool | None = None) -> None:
        """Record what came of an import, and which extension module brought the GIL back."""
        brought_by = None
        if not self.gil and gil is not False:
            brought_by = next(iter(self.undeclared), None)
            if gil and brought_by is None:
                self.unseen = True
                unseen = "the GIL came back, and nothing said for which module"
                detail = f"{detail}; {unseen}" if detail else unseen
            self.gil = bool(gil)
        self.imports.append(Import(module, outcome, detail, gil, brought_by))

    def declare(self, free_threaded: bool) -> None:
        """Say which of the extension modules declare that they can do without the GIL."""
        for extension in self.extensions:
            if extension.module in self.undeclared:
                extension.declares = False
            elif free_threaded and extension.module in self.loaded and not self.unseen:
                extension.declares = True


def _run(
    modules: list[str], timeout: float, free_threaded: bool, target: str | None
) -> tuple[list[dict[str, Any]], tuple[Outcome, str] | None]:
    """Return what the child wrote, and how it ended if not well."""
    with tempfile.TemporaryDirectory(prefix="ft-doctor-", ignore_cleanup_errors=True) as folder:
        journal = Path(folder, "journal")
        journal.touch()
        # Others have no meaning on the path, though some programs put them there.
        path = [entry for entry in [target, *sys.path] if isinstance(entry, str)]
        request = {
            "modules": modules,
            "path": path,
            "journal": str(journal),
            "site": not sys.flags.no_site,
        }
        # For modules that need the GIL when it is on already: nothing else tells.
        flags = [*_flags(), "-v"] if free_threaded else _flags()
        process = subprocess.Popen(
            [sys.executable, *flags, "-c", _child(), json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _VARIABLES},
            start_new_session=True,
        )
        ending = _wait(process, timeout)
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    # A process that was killed may have left half a line.
    return [json.loads(line) for line in lines if line.endswith("}")], ending


def _wait(process: "subprocess.Popen[bytes]", timeout: float) -> tuple[Outcome, str] | None:
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        return "timed out", f"not done after {timeout:g} s"
    finally:
        # After Ctrl-C as well, which the child in its session does not get.
        if process.returncode is None:
            _kill(process)
    if status == 0:
        return None
    if status < 0:
        try:
            return "crashed", f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return "crashed", f"killed by signal {-status}"
    # On Windows a crash is a status too, and these are told in hexadecimal.
    return "crashed", f"the process ended with status {status if status < 256 else hex(status)}"


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if os.name == "posix":
        # With all that it has started. It is its session's leader, and not yet waited for, so that
        # the number is its own.
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _flags() -> list[str]:
    """Return what makes another interpreter find the same modules as this one."""
    flags = sys.flags
    chosen = {
        "-I": flags.isolated,
        "-E": flags.ignore_environment and not flags.isolated,
        "-s": flags.no_user_site and not flags.isolated,
        # The child has its path from us; until then it is not to find a `json` in this folder.
        "-P": not flags.isolated,
        # The child runs `site` itself, after it has begun to watch.
        "-S": True,
        "-B": flags.dont_write_bytecode,
    }
    return [flag for flag, is_set in chosen.items() if is_set]


def _child() -> str:
    return Path(__file__).with_name("_child.py").read_text(encoding="utf-8")
