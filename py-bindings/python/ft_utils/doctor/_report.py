"""The report of an examination, for programs and for people."""

import json
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, count

from ft_utils._native import __version__
from ft_utils.doctor._distributions import Distribution
from ft_utils.doctor._findings import GENERAL, Finding
from ft_utils.doctor._interpreter import Interpreter
from ft_utils.doctor._probe import Extension, Import

__all__ = ["SCHEMA", "Report"]

#: The version of the layout of `Report.to_json`: higher when a key is removed or changes meaning.
SCHEMA = 1

# The texts for builds that have no tag in the file's name.
_ABIS = {"gil": "with the GIL", "unknown": "not known"}


@dataclass
class Report:
    """The result of `examine`."""

    interpreter: Interpreter
    #: Modules that need the GIL and are loaded as the interpreter starts.
    undeclared_at_start: list[str] = field(default_factory=list)
    #: The modules that were imported, in the order of the request.
    imports: list[Import] = field(default_factory=list)
    #: The extension modules that they loaded, without those of the standard library.
    extensions: list[Extension] = field(default_factory=list)
    #: The extension modules that do not declare that they can do without the GIL, in the order in
    #: which the interpreter noticed.
    undeclared: list[str] = field(default_factory=list)
    #: Installed distributions with extension modules: all of them, or those of the imports.
    distributions: list[Distribution] = field(default_factory=list)
    #: The names of the installed distributions without extension modules.
    pure_distributions: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    #: A line for each thing that could not be examined.
    troubles: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status: 1 if there are findings, else 2 if there are troubles, else 0."""
        return 1 if self.findings else 2 if self.troubles else 0

    def to_json(self) -> str:
        """Return the whole report in JSON, as documented in ``docs/doctor.md``."""
        whole = {"schema": SCHEMA, "ft_utils": __version__, "status": self.status, **asdict(self)}
        return json.dumps(whole, indent=2)

    def to_text(self, width: int | None = None) -> str:
        """Return the report for people, in lines of at most `width` characters.

        The default width is that of the terminal, between 60 and 100.
        """
        if width is None:
            width = min(shutil.get_terminal_size().columns, 100)
        width = max(width, 60)
        blocks = [_interpreter(self.interpreter, self.undeclared_at_start)]
        if self.imports:
            rows = [_import_row(one) for one in self.imports]
            head = ["imported", "outcome", "GIL after", "brought back by"]
            blocks.append(_table(head, rows, width))
        if self.distributions or self.pure_distributions:
            blocks.append(self._distributions(width))
        blocks += self._findings(width)
        if self.troubles:
            parts = [_wrapped(f"- {line}", width, "  ") for line in self.troubles]
            blocks.append(["Could not look at everything:", *chain.from_iterable(parts)])
        blocks.append([self._conclusion()])
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"

    def _findings(self, width: int) -> Iterator[list[str]]:
        """Yield a block for each distribution: its findings, and each piece of advice once."""
        groups: dict[str, list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault(finding.distribution or finding.advice, []).append(finding)
        numbers = count(1)
        said: set[str] = set()
        for group in groups.values():
            lines: list[str] = []
            for finding in group:
                lines += _wrapped(f"{next(numbers)}. {finding.message}", width, "   ")
            for advice in dict.fromkeys(finding.advice for finding in group):
                for general in GENERAL:
                    if general in said:
                        advice = advice.replace(general, "")
                    elif general in advice:
                        said.add(general)
                lines += _wrapped(f"   {advice}", width, "   ")
            yield lines

    def _conclusion(self) -> str:
        many = len(self.findings)
        if many:
            text = "1 finding" if many == 1 else f"{many} findings"
        else:
            text = "Nothing found, but not all was seen" if self.troubles else "Nothing found"
        return f"{text}: exit status {self.status}."

    def _distributions(self, width: int) -> list[str]:
        lines = []
        if self.distributions:
            rows = [_distribution_row(one) for one in self.distributions]
            head = ["installed", "version", "built for", "no GIL needed", "authors say"]
            if not self.interpreter.free_threaded:
                # Only a free-threaded interpreter can tell.
                head.remove("no GIL needed")
                rows = [[*row[:3], row[4]] for row in rows]
            lines = _table(head, rows, width)
        if many := len(self.pure_distributions):
            have = "other distribution has" if many == 1 else "other distributions have"
            lines.append(f"{many} {have} no extension modules.")
        with_gil = [
            one
            for one in self.distributions
            if not {each.abi for each in one.extensions} <= {"free-threaded", "abi3t"}
        ]
        if with_gil and not self.interpreter.free_threaded:
            text = (
                "Those with extension modules must be installed anew for a free-threaded Python: "
                "from a wheel for that version (cp314t and the like; from 3.15 on also abi3t), or "
                "built from source. Whether there is such a wheel: `python -m pip download "
                "--no-deps --only-binary :all: --python-version 3.14 --abi cp314t NAME`."
            )
            lines += _wrapped(text, width, "")
        return lines


def _interpreter(interpreter: Interpreter, at_start: list[str]) -> list[str]:
    kind = "free-threaded" if interpreter.free_threaded else "with the GIL"
    if not interpreter.free_threaded:
        why = "which it always is in this build"
    elif interpreter.gil_setting_from:
        why = f"forced {interpreter.gil_setting} by {interpreter.gil_setting_from}"
    elif not interpreter.gil_enabled:
        why = "until a module asks for it"
    elif at_start:
        why = f"brought back by {at_start[0]} as the interpreter starts"
    else:
        why = "brought back by a module that this process has imported"
    where = ", virtual environment" if interpreter.virtual_environment else ""
    return [
        f"{interpreter.implementation} {interpreter.version}, {kind} ({interpreter.tag}){where}",
        interpreter.executable,
        f"The GIL is {'on' if interpreter.gil_enabled else 'off'}, {why}.",
    ]


def _import_row(one: Import) -> list[str]:
    gil = "?" if one.gil_enabled is None else "on" if one.gil_enabled else "off"
    return [one.module, one.outcome, gil, one.gil_brought_by or ""]


def _distribution_row(one: Distribution) -> list[str]:
    built_for = dict.fromkeys(each.tag or _ABIS.get(each.abi, each.abi) for each in one.extensions)
    known = [each.declares for each in one.extensions if each.declares is not None]
    declared = f"{sum(known)} of {len(known)} loaded" if known else "not known"
    editable = " (editable)" if one.editable else ""
    return [one.name, one.version + editable, ", ".join(built_for), declared, one.claims or ""]


def _table(head: list[str], rows: Iterable[list[str]], width: int) -> list[str]:
    """Align columns. Text that is too wide for its column continues in the next line."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    # Shrink the widest column until all fit; below 10 characters it would be unreadable.
    while sum(widths) + 2 * len(widths) > width and max(widths) > 10:
        widths[widths.index(max(widths))] -= 1
    lines: list[str] = []
    for row in [head, ["-" * size for size in widths], *rows]:
        cells = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            padded = [part.ljust(size) for part, size in zip(parts, widths, strict=True)]
            lines.append("  ".join(padded).rstrip())
    return lines


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    # Addresses and commands must stay whole, so that people can copy them.
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
