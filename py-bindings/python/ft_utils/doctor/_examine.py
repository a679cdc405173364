"""The examination, from the look at the interpreter to the findings."""

import math
import os
from collections.abc import Sequence

from ft_utils.doctor import _findings as findings
from ft_utils.doctor._distributions import Distribution, scan
from ft_utils.doctor._interpreter import look
from ft_utils.doctor._probe import Probe, probe
from ft_utils.doctor._report import Report

__all__ = ["examine"]


def examine(
    modules: Sequence[str] = (), *, installed: bool = False, timeout: float = 60.0
) -> Report:
    """Find out whether this interpreter runs without the GIL, and what brings it back.

    Each of `modules` is imported in a fresh interpreter that has the `sys.path` of this one, and
    the default setting of the GIL; none is imported here. With `installed`, so are all extension
    modules of the installed distributions. With neither, the installed distributions are looked at,
    and nothing is imported. `timeout`, in seconds, is for each fresh interpreter.

    A module may raise, exit, crash or hang as it is imported: that is reported, and nothing else
    comes of it. Raises `ValueError` for a timeout that is not positive, and for a name that is not
    that of a module; `OSError` if no other interpreter can be started.

        >>> report = examine(["json"])
        >>> report.imports[0].outcome
        'imported'
        >>> report.undeclared
        []
    """
    if isinstance(modules, str):
        raise TypeError(f"modules must be a list of names, not the string {modules!r}")
    if not timeout > 0 or math.isinf(timeout):
        raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
    for name in modules:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"{name!r} is not the name of a module, such as 'package.module'")
    return _Examination(list(dict.fromkeys(modules)), installed, timeout).report


class _Examination:
    def __init__(self, modules: list[str], installed: bool, timeout: float) -> None:
        self.timeout = timeout
        self.report = report = Report(look())
        native, pure, troubles = scan()
        # Through links, as files are loaded by other paths than they are listed by.
        self.owners = {
            os.path.realpath(extension.file): one for one in native for extension in one.extensions
        }
        self.look_at_start()
        for name in modules:
            self.probe([name])
        if installed or not modules:
            report.distributions, report.pure_distributions = native, pure
            report.troubles += troubles
        if installed:
            for one in native:
                self.probe([each.module for each in one.extensions if each.found], quiet=True)
        self.know_declarations(native)
        if not report.distributions:
            loaded = {id(one) for one in self.owners_by_module().values()}
            report.distributions = [one for one in native if id(one) in loaded]
        self.find()

    def look_at_start(self) -> None:
        """See what is loaded even though nothing is asked for."""
        interpreter = self.report.interpreter
        if interpreter.free_threaded and (
            interpreter.gil_enabled or interpreter.gil_setting != "default"
        ):
            self.probe([])

    def probe(self, modules: list[str], quiet: bool = False) -> None:
        """Import modules in a process; with `quiet` name only those that deserve it."""
        report = self.report
        seen = probe(modules, self.timeout, free_threaded=report.interpreter.free_threaded)
        for one in seen.imports:
            if not quiet or one.outcome != "imported" or one.gil_brought_by:
                report.imports.append(one)
            if one.outcome != "imported":
                report.troubles.append(f"{one.module}: {one.detail}")
        self.merge(seen)

    def merge(self, seen: Probe) -> None:
        report = self.report
        for into, new in (
            (report.undeclared, seen.undeclared),
            (report.undeclared_at_start, seen.undeclared_at_start),
        ):
            into += [name for name in new if name not in into]
        report.extensions += [one for one in seen.extensions if one not in report.extensions]

    def owners_by_module(self) -> dict[str, Distribution]:
        owners = {}
        for extension in self.report.extensions:
            owner = self.owners.get(os.path.realpath(extension.file))
            if owner is not None:
                owners[extension.module] = owner
        return owners

    def know_declarations(self, native: list[Distribution]) -> None:
        """Say of each file that was loaded what came of it."""
        report = self.report
        if not report.interpreter.free_threaded:
            return
        loaded = {os.path.realpath(one.file): one.module for one in report.extensions}
        for one in native:
            for extension in one.extensions:
                module = loaded.get(os.path.realpath(extension.file))
                if module is not None:
                    extension.declares = module not in report.undeclared

    def find(self) -> None:
        report = self.report
        interpreter = report.interpreter
        report.findings += findings.of_interpreter(interpreter, report.undeclared_at_start)
        owners = self.owners_by_module()
        report.findings += findings.of_imports(report.imports, report.undeclared, owners)
        if interpreter.free_threaded:
            for one in report.distributions:
                report.findings += findings.of_distribution(interpreter, one)
