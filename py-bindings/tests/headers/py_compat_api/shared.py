"""Helpers for the tests in this folder."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import ft_utils
import pytest
from helpers.places import BINDINGS

NATIVE = Path(__file__).parents[1] / "native"
TABLE = BINDINGS / "compat" / "removals.txt"
INCLUDE = Path(ft_utils.__file__).parent / "include"
PYTHON = [f"-I{sysconfig.get_path(name)}" for name in ("include", "platinclude")]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
MAX = "Py_COMPAT_API_VERSION_MAX"
MINOR = sys.version_info.minor


class Compiler(NamedTuple):
    """A program, and the language that it is to take a file for."""

    words: list[str]
    language: list[str]


def _compilers() -> Iterator:
    """GCC, or what goes by the name of cc here; Clang too where there is one."""
    for c, cxx in ("cc", "c++"), ("clang", "clang++"):
        if shutil.which(c):
            yield pytest.param(Compiler([c], ["-x", "c", "-std=c11"]), id=f"{c}-c11")
        if shutil.which(cxx):
            yield pytest.param(Compiler([cxx], ["-x", "c++", "-std=c++17"]), id=f"{c}-c++17")


COMPILERS = list(_compilers())
every_compiler = pytest.mark.parametrize("compiler", COMPILERS)
if not COMPILERS:
    pytest.skip("there is no C compiler", allow_module_level=True)


class Done(NamedTuple):
    """How a compilation ended."""

    status: int
    output: str


def compile_c(compiler: Compiler, source: str | Path, *words: str, include: Path = INCLUDE) -> Done:
    """Look at a file, or at a text, without making anything."""
    text = isinstance(source, str)
    done = subprocess.run(
        [
            *compiler.words,
            *compiler.language,
            "-fsyntax-only",
            *(["-ferror-limit=0"] if compiler.words[0].startswith("clang") else []),
            *words,
            *PYTHON,
            f"-I{include}",
            "-" if text else str(source),
        ],
        input=source if text else None,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    return Done(done.returncode, done.stderr)


class Api(NamedTuple):
    """A name of the table."""

    name: str
    kind: str
    place: str
    deprecated: str
    removed: str
    replacement: str
    source: str
    example: str

    def removed_in(self) -> int | None:
        return int(self.removed[2:]) if self.removed.startswith("3.") else None

    def is_here(self) -> bool:
        """Whether this CPython must have it."""
        removed = self.removed_in()
        return (
            self.place not in ("windows", "private")
            and self.is_looked_at()
            and (removed is None or removed > MINOR)
        )

    def is_looked_at(self) -> bool:
        """Whether it is checked with this CPython."""
        since = re.fullmatch(r"3\.(\d+)\+", self.place)
        return since is None or int(since[1]) <= MINOR

    def is_refused(self, version: str, lint: bool) -> bool:
        if not self.is_looked_at():
            return False
        if self.removed.startswith("lint"):
            return lint
        removed = self.removed_in()
        if version == MAX:
            return True
        return removed is not None and removed <= int(version[4:6], 16)

    def use(self) -> str:
        """A function that does nothing else, in a line."""
        code = {
            "function": f"(void){self.name};",
            "variable": f"(void){self.name};",
            "constant": f"(void)({self.name});",
            "type": f"{self.name} *x = 0; (void)x;",
        }.get(self.kind, f"{self.example};")
        return f"void use_{self.word()}(PyObject *o, void *p) {{ (void)o; (void)p; {code} }}"

    def word(self) -> str:
        return self.name.replace(".", "_")


def _table() -> Iterator[Api]:
    for line in TABLE.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            names, kind, *rest = (column.strip() for column in line.split("|"))
            for name in [names] if kind == "behaviour" else names.split():
                yield Api(name, kind, *rest)


APIS = list(_table())
# The APIs that a line can use; a symbol can only be tested for.
USABLE = [api for api in APIS if api.kind not in ("behaviour", "symbol")]
