"""The program that imports modules in a fresh interpreter, and writes down what happens.

`_probe` hands the text of this file to the interpreter. So this file imports nothing from ft_utils,
and gets its request as an argument, in JSON. It appends each event to a file at once, as a line in
JSON: if the process dies, the last event is still there.
"""

import importlib
import io
import json
import os
import re
import site
import sys
import warnings
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import ModuleType
from typing import Any

# The interpreter names each module that needs the GIL when it reads the module's declaration. If it
# turns the GIL on for that module, it issues a warning; if the GIL is on already, it writes a line
# to stderr under `-v`. (3.13 and 3.14 name the first module in both places.)
WARNING = "The global interpreter lock"
NEEDS_GIL = re.compile(r"module '(.+?)', which (?:has not declared|requires the GIL)")


def main() -> None:
    request = json.loads(sys.argv.pop())
    note = journal(request["journal"])
    watch_extensions(note)
    if request["site"]:
        # The interpreter was started with `-S`, so that the imports of `site` are watched, too.
        site.main()
    # Modules are looked for where the parent finds them, however this process was started.
    sys.path[:] = request["path"]
    note(event="started", gil=gil_enabled())
    for name in request["modules"]:
        note(event="import", module=name)
        outcome, detail = attempt(name)
        note(event="result", module=name, outcome=outcome, detail=detail, gil=gil_enabled())
    # Do not wait for threads, and run none of the modules' functions for the exit.
    os._exit(0)


def gil_enabled() -> bool:
    is_enabled = getattr(sys, "_is_gil_enabled", None)
    return is_enabled is None or bool(is_enabled())


def journal(path: str) -> Callable[..., None]:
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    process = os.getpid()

    def note(**event: object) -> None:
        # A module may fork; the child must not write.
        if os.getpid() == process:
            # One call for each line, so that threads do not mix their lines.
            os.write(file, json.dumps(event).encode() + b"\n")

    return note


class Stderr(io.TextIOWrapper):
    """A stderr that throws the text away, even if closed, and notes which module needs the GIL."""

    def __init__(self, note: Callable[..., None]) -> None:
        super().__init__(sys.stderr.buffer, "utf-8", "backslashreplace")
        self.note = note

    def write(self, text: str, /) -> int:
        if text.startswith("# loading module") and (found := NEEDS_GIL.search(text)):
            self.note(event="undeclared", name=found[1])
        return len(text)


def watch_extensions(note: Callable[..., None]) -> None:
    """Note each extension module before and after its code runs for the first time."""
    create, execute = ExtensionFileLoader.create_module, ExtensionFileLoader.exec_module
    sys.stderr = stderr = Stderr(note)
    # As Any: type checkers would reject the assignment of another function.
    patched: Any = warnings
    show = patched._showwarnmsg

    def show_warning(message: warnings.WarningMessage) -> None:
        text = str(message.message)
        if text.startswith(WARNING) and (found := NEEDS_GIL.search(text)):
            note(event="undeclared", name=found[1])
        else:
            show(message)

    # Logged and collected warnings pass through this function, too.
    patched._showwarnmsg = show_warning

    def create_module(self: ExtensionFileLoader, spec: ModuleSpec) -> ModuleType:
        note(event="load", name=spec.name, file=str(spec.origin))
        # The interpreter reads the declaration in create(), and acts on it. A module may have
        # silenced warnings before, turned them into exceptions, or replaced stderr.
        warnings.filterwarnings("always", WARNING, RuntimeWarning)
        others, sys.stderr = sys.stderr, stderr
        try:
            module = create(self, spec)
        except BaseException:
            note(event="left", name=spec.name)
            raise
        finally:
            if sys.stderr is stderr:
                sys.stderr = others
        note(event="loaded", name=spec.name)
        return module

    def exec_module(self: ExtensionFileLoader, module: ModuleType) -> None:
        try:
            execute(self, module)
        finally:
            note(event="left", name=module.__name__)

    patched = ExtensionFileLoader
    patched.create_module, patched.exec_module = create_module, exec_module


def attempt(name: str) -> tuple[str, str]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        text = f"{type(error).__name__}: {error}"
        # A module that exists, but fails to import another one, was found.
        missing = error.name is not None and (name + ".").startswith(error.name + ".")
        return ("not found" if missing else "raised"), text
    except SystemExit as error:
        return "exited", f"SystemExit: {error.code}"
    except BaseException as error:
        try:
            text = str(error)
        except BaseException:
            text = "(its message cannot be had)"
        return "raised", f"{type(error).__name__}: {text}"
    return "imported", ""


if __name__ == "__main__":
    main()
