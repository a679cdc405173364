"""The examination, from the look at the interpreter to the findings."""

import math
import os
import sys
from collections.abc import Collection, Sequence

from ft_utils._rival import rival
from ft_utils.doctor import _findings as findings
from ft_utils.doctor._distributions import Distribution, scan
from ft_utils.doctor._interpreter import look
from ft_utils.doctor._probe import Extension, probe
from ft_utils.doctor._report import Report

__all__ = ["examine"]


def examine(
    modules: Sequence[str] = (),
    *,
    installed: bool = False,
    timeout: float = 60.0,
    target: str | os.PathLike[str] | None = None,
    exclude: Collection[str] = (),
) -> Report:
    """Find out whether this interpreter runs without the GIL, and what brings the GIL back.

    Each of `modules` is imported in a fresh interpreter with the `sys.path` of this one and the
    default setting of the GIL; none is imported in this process. With `installed`, all extension
    modules of the installed distributions are imported in the same way. Without both, the files of
    the installed distributions are examined and nothing is imported; extension modules built for
    this interpreter are then listed as troubles, because only importing them tells whether they
    need the GIL. `timeout`, in seconds, is for each fresh interpreter.

    `target` is a folder with packages, as made by `pip install --target`: only distributions in
    this folder count as installed, and modules are looked for in this folder first. `exclude` names
    distributions to leave out.

    If a module raises an exception, exits, crashes or hangs during its import, the report says so,
    and this process is not affected. Raises `ValueError` if the timeout is not positive or a name
    is not the name of a module, and `OSError` if no interpreter can be started or `target` is not
    a folder.

        >>> report = examine(["json"])
        >>> report.imports[0].outcome
        'imported'
        >>> report.undeclared
        []
    """
    if isinstance(modules, str):
        raise TypeError(f"modules must be a list of names, not the string {modules!r}")
    if isinstance(exclude, str):
        raise TypeError(f"exclude must be a list of names, not the string {exclude!r}")
    if not timeout > 0 or math.isinf(timeout):
        raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
    for name in modules:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"{name!r} is not the name of a module, such as 'package.module'")
    if target is not None:
        target = os.path.abspath(target)
        os.scandir(target).close()
    names = list(dict.fromkeys(modules))
    return _Examination(names, installed, timeout, target, exclude).report


class _Examination:
    def __init__(
        self,
        modules: list[str],
        installed: bool,
        timeout: float,
        target: str | None,
        exclude: Collection[str],
    ) -> None:
        self.timeout = timeout
        self.target = target
        self.report = report = Report(look())
        #: The extension modules that were loaded, by the true paths of their files.
        self.loaded: dict[str, Extension] = {}
        #: The distributions of the loaded modules, by the names of the modules.
        self.owners: dict[str, Distribution] = {}
        self.look_at_start()
        for name in modules:
            self.probe([name])
        native, pure, troubles = scan(target, exclude)
        if installed:
            for one in native:
                self.probe([each.module for each in one.extensions if each.found], quiet=True)
        self.connect(native)
        if installed or not modules:
            report.distributions, report.pure_distributions = native, pure
            report.troubles += troubles
            if not installed and report.interpreter.free_threaded:
                report.troubles += findings.not_loaded(native)
        else:
            report.distributions = self.behind(modules, native)
        self.find()

    def behind(self, modules: list[str], native: list[Distribution]) -> list[Distribution]:
        """Return the distributions with an extension module that was loaded or was asked for."""
        tops = {name.partition(".")[0] for name in modules}
        loaded = {id(one) for one in self.owners.values()}
        return [
            one
            for one in native
            if id(one) in loaded
            or tops & {each.module.partition(".")[0] for each in one.extensions}
        ]

    def look_at_start(self) -> None:
        """Find the modules that are loaded at the start of an interpreter."""
        interpreter = self.report.interpreter
        if interpreter.free_threaded and (
            interpreter.gil_enabled or interpreter.gil_setting != "default"
        ):
            self.probe([])

    def probe(self, modules: list[str], quiet: bool = False) -> None:
        """Import modules in a process; with `quiet`, report only those with something to tell."""
        report = self.report
        seen = probe(
            modules,
            self.timeout,
            free_threaded=report.interpreter.free_threaded,
            target=self.target,
        )
        for one in seen.imports:
            if not quiet or one.detail or one.gil_brought_by:
                report.imports.append(one)
            if one.detail:
                report.troubles.append(f"{one.module}: {one.detail}")
        for into, new in (
            (report.undeclared, seen.undeclared),
            (report.undeclared_at_start, seen.undeclared_at_start),
        ):
            into += [name for name in new if name not in into]
        for extension in seen.extensions:
            # Resolve links: a file may be loaded by another path than the listed one.
            file = os.path.realpath(extension.file)
            known = self.loaded.get(file)
            if known is None:
                self.loaded[file] = extension
                if extension.module.partition(".")[0] not in sys.stdlib_module_names:
                    report.extensions.append(extension)
            elif known.declares is None:
                # This time the import got further.
                known.declares = extension.declares

    def connect(self, native: list[Distribution]) -> None:
        """Find the distributions of the loaded modules, and record there what they declare."""
        for one in native:
            for extension in one.extensions:
                loaded = self.loaded.get(os.path.realpath(extension.file))
                if loaded is not None:
                    self.owners[loaded.module] = one
                    extension.declares = loaded.declares

    def find(self) -> None:
        report = self.report
        interpreter = report.interpreter
        if self.target is None:
            report.findings += findings.of_rival(rival())
        report.findings += findings.of_interpreter(interpreter, report.undeclared_at_start)
        report.findings += findings.of_imports(report.imports, report.undeclared, self.owners)
        if interpreter.free_threaded:
            for one in report.distributions:
                report.findings += findings.of_distribution(interpreter, one)
