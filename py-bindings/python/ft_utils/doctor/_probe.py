"""Imports of modules in fresh interpreters, whatever these modules do."""

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

# These variables would change the outcome, or hide it in other output.
_VARIABLES = {"PYTHON_GIL", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME", "PYTHONWARNINGS"}


@dataclass
class Extension:
    """An extension module that an import loaded, or tried to load."""

    module: str
    file: str
    #: Whether it declares that it can do without the GIL; None if the import failed before, or if
    #: nothing reads the declaration, as on builds with the GIL.
    declares: bool | None = None


@dataclass
class Import:
    """The outcome of importing a module."""

    module: str
    outcome: Outcome
    #: The exception, or the signal that ended the process and the module that was being loaded; or
    #: a remark that it is not known which module brought the GIL back.
    detail: str = ""
    #: Whether the GIL was on afterwards; None if the process had ended.
    gil_enabled: bool | None = None
    #: The extension module whose loading turned the GIL on.
    gil_brought_by: str | None = None


@dataclass
class Probe:
    """The observations in one or several fresh interpreters."""

    imports: list[Import] = field(default_factory=list)
    #: The extension modules that were loaded, in that order.
    extensions: list[Extension] = field(default_factory=list)
    #: The extension modules that do not declare that they can do without the GIL, in the order in
    #: which the interpreter noticed.
    undeclared: list[str] = field(default_factory=list)
    #: The same for modules loaded before any import of these, by a ``.pth`` file, for example.
    undeclared_at_start: list[str] = field(default_factory=list)


def probe(
    modules: Sequence[str], timeout: float, *, free_threaded: bool, target: str | None = None
) -> Probe:
    """Import modules one after the other, in a fresh interpreter with the default GIL setting.

    If a module ends or blocks the process, the modules after it are imported in another process.
    `timeout`, in seconds, is for each process. Modules are looked for in `target` first.
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
    """The state of a child process, from the events that it wrote."""

    def __init__(self) -> None:
        self.started = False
        #: Whether the GIL was on after the latest import, or at the start.
        self.gil = True
        #: Whether the GIL came back without the interpreter naming a module.
        self.unseen = False
        self.importing: str | None = None
        self.imports: list[Import] = []
        self.extensions: list[Extension] = []
        #: The modules whose declaration was read.
        self.loaded: set[str] = set()
        #: The modules whose code was running last, one inside the other.
        self.loading: list[str] = []
        #: The modules that need the GIL.
        self.undeclared: list[str] = []
        self.undeclared_at_start: list[str] = []

    def read(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "started":
                self.started = True
                self.gil = event["gil"]
                # Only the modules that the imports load are listed.
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
                # Remove the last of that name: threads may import, too, and mix the order.
                if event["name"] in self.loading:
                    self.loading.reverse()
                    self.loading.remove(event["name"])
                    self.loading.reverse()
            case "result":
                self.importing = None
                self.finish(event["module"], event["outcome"], event["detail"], event["gil"])

    def finish(self, module: str, outcome: Outcome, detail: str, gil: bool | None = None) -> None:
        """Record the outcome of an import, and the extension module that brought the GIL back."""
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
        """Record which extension modules declare that they can do without the GIL."""
        for extension in self.extensions:
            if extension.module in self.undeclared:
                extension.declares = False
            elif free_threaded and extension.module in self.loaded and not self.unseen:
                extension.declares = True


def _run(
    modules: list[str], timeout: float, free_threaded: bool, target: str | None
) -> tuple[list[dict[str, Any]], tuple[Outcome, str] | None]:
    """Return the events that the child wrote, and how it ended, unless that was well."""
    with tempfile.TemporaryDirectory(prefix="ft-doctor-", ignore_cleanup_errors=True) as folder:
        journal = Path(folder, "journal")
        journal.touch()
        # Other entries have no meaning on the path, though some programs put them there.
        path = [entry for entry in [target, *sys.path] if isinstance(entry, str)]
        request = {
            "modules": modules,
            "path": path,
            "journal": str(journal),
            "site": not sys.flags.no_site,
        }
        # Under -v the interpreter names modules that need the GIL while it is on already.
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
        # After Ctrl-C as well: the child, in its own session, does not get it.
        if process.returncode is None:
            _kill(process)
    if status == 0:
        return None
    if status < 0:
        try:
            return "crashed", f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return "crashed", f"killed by signal {-status}"
    # On Windows a crash is a status, too; such a status is shown in hexadecimal.
    return "crashed", f"the process ended with status {status if status < 256 else hex(status)}"


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if os.name == "posix":
        # Kill all processes that it has started, too. It leads its session and was not waited for
        # yet, so the number still belongs to it.
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _flags() -> list[str]:
    """Return the flags with which another interpreter finds the same modules as this one."""
    flags = sys.flags
    chosen = {
        "-I": flags.isolated,
        "-E": flags.ignore_environment and not flags.isolated,
        "-s": flags.no_user_site and not flags.isolated,
        # The child gets its path from here; until then it must not find a `json` in this folder.
        "-P": not flags.isolated,
        # The child runs `site` itself, after it has begun to watch imports.
        "-S": True,
        "-B": flags.dont_write_bytecode,
    }
    return [flag for flag, is_set in chosen.items() if is_set]


def _child() -> str:
    return Path(__file__).with_name("_child.py").read_text(encoding="utf-8")
