"""`py_compat_api.h`: what it refuses, with which words, and what it leaves alone.

A line of C for each row of the table, all in one file: compiled without the macro, and with every
version that the table has, so also with the one before a removal. An error belongs to the row in
whose line it is.
"""

import importlib.util
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
from support import run_python

# They start compilers, and have no state that threads could share.
pytestmark = pytest.mark.thread_unsafe

HERE = Path(__file__).parent
TABLE = HERE.parent / "compat" / "removals.txt"
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
# Those that can be used in a line; a symbol can only be asked for.
USABLE = [api for api in APIS if api.kind not in ("behaviour", "symbol")]
VERSIONS = [f"0x03{minor:02X}0000" for minor in range(9, 22)]


@pytest.fixture(scope="module")
def uses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A C file with a use in each line, the first API in the second."""
    path = tmp_path_factory.mktemp("compat") / "uses.c"
    lines = ['#include "py_compat_api.h"', *(api.use() for api in USABLE)]
    path.write_text("\n".join(lines) + "\n")
    return path


def errors(done: Done, path: Path) -> dict[str, str]:
    """Find what the compiler said of which API."""
    found: dict[str, str] = {}
    pattern = rf"^{re.escape(str(path))}:(\d+):\d+: (?:fatal )?error: (.*)$"
    for line, message in re.findall(pattern, done.output, re.MULTILINE):
        api = USABLE[int(line) - 2]
        found[api.name] = found.get(api.name, "") + message + "\n"
    return found


def test_the_table_is_read() -> None:
    assert len(APIS) > 200
    assert {api.kind for api in APIS} >= {"function", "macro", "constant", "member", "type"}
    assert {"PyImport_ImportModuleNoBlock", "PyBytesObject.ob_shash"} <= {a.name for a in APIS}


@every_compiler
def test_without_the_macro_all_compile(compiler: Compiler, uses: Path) -> None:
    found = errors(compile_c(compiler, uses), uses)
    assert not {api.name for api in USABLE if api.is_here()} & set(found)
    assert not [text for text in found.values() if "removed in Python" in text]


@every_compiler
@pytest.mark.parametrize("version", [*VERSIONS, MAX])
def test_what_a_version_removes_does_not_compile(
    compiler: Compiler, version: str, uses: Path
) -> None:
    # C++ has the same preprocessor, and takes longer.
    if "c" in compiler.language or version in (VERSIONS[7], MAX):
        done = compile_c(compiler, uses, f"-DPy_COMPAT_API_VERSION={version}")
        check(done, uses, version, lint=False)


@every_compiler
def test_the_lint_refuses_more(compiler: Compiler, uses: Path) -> None:
    done = compile_c(compiler, uses, "-DPy_COMPAT_API_LINT")
    check(done, uses, "0x03000000", lint=True)


# Why the lint refuses a name, in the words of the message.
FAULTS = {"lint-borrowed": "its borrowed reference", "lint-silent": "it loses exceptions"}


def check(done: Done, uses: Path, version: str, *, lint: bool) -> None:
    """All that is to be refused is, with the right words, and nothing else."""
    found = errors(done, uses)
    refused = [api for api in USABLE if api.is_refused(version, lint)]
    assert (done.status != 0) >= bool(refused)
    for api in refused:
        text = found[api.name]
        number = api.removed if api.removed_in() else api.deprecated
        assert re.search(rf"\b{re.escape(api.name)} (is|will be) ", text), text
        assert number == "-" or f"Python {number}" in text
        assert [fault for fault, words in FAULTS.items() if words in text] == [
            fault for fault in FAULTS if fault == api.removed
        ]
        assert api.replacement.removeprefix("- ") in text, text
    others = {api.name for api in USABLE if api.is_here()} - {api.name for api in refused}
    assert not others & set(found)


@every_compiler
def test_a_symbol_is_undefined(compiler: Compiler) -> None:
    for api in APIS:
        if api.kind == "symbol":
            source = f'#include "py_compat_api.h"\n#ifdef {api.name}\n#error "it is there"\n#endif'
            assert ("it is there" in compile_c(compiler, source).output) == api.is_here()
            done = compile_c(compiler, source, f"-DPy_COMPAT_API_VERSION={MAX}")
            assert done == (0, "")


@every_compiler
def test_a_constant_can_be_defined_anew(compiler: Compiler) -> None:
    """Programs do this for Pythons that do not have it, as Cython does."""
    source = """
        #include "py_compat_api.h"
        #ifndef Py_TPFLAGS_HAVE_FINALIZE
        #  define Py_TPFLAGS_HAVE_FINALIZE 0
        #endif
        unsigned long flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_FINALIZE;
    """
    assert compile_c(compiler, source, *STRICT, f"-DPy_COMPAT_API_VERSION={MAX}") == (0, "")


# ---- what must not change


@every_compiler
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("version", [None, MAX])
def test_an_ordinary_extension_compiles(
    compiler: Compiler, version: str | None, first: bool
) -> None:
    words = [f"-DPy_COMPAT_API_VERSION={version}"] if version else []
    words += ["-DCOMPAT_FIRST"] if first else []
    # With assertions, macros of CPython look at more.
    done = compile_c(compiler, HERE / "native" / "ordinary.c", "-UNDEBUG", *STRICT, *words)
    assert done == (0, "")


@every_compiler
@pytest.mark.parametrize("option", ["-DPy_COMPAT_API_VERSION=0x030F0000", "-DPy_COMPAT_API_LINT"])
def test_a_library_of_headers_that_uses_what_is_refused(
    compiler: Compiler, tmp_path: Path, option: str
) -> None:
    """As pybind11: named in a file that comes first, it is not looked at."""
    (tmp_path / "library.h").write_text(
        "#pragma once\n"
        "#include <Python.h>\n"
        "static inline PyObject *first(PyObject *o) { return PyList_GetItem(o, 0); }\n"
        "#if PY_VERSION_HEX < 0x030F0000  /* There it is gone. */\n"
        "static inline void *weak(PyObject *o) { (void)o; return (void *)PyWeakref_GetObject; }\n"
        "#endif\n"
    )
    check_me = tmp_path / "check.h"
    check_me.write_text('#include "library.h"\n#include "py_compat_api.h"\n')
    source = '#include "library.h"\nPyObject *mine(PyObject *o) { return first(o); }\n'
    words = [f"-I{tmp_path}", "-include", str(check_me), option]
    assert compile_c(compiler, source, *words, "-Wno-deprecated-declarations").status == 0
    source += "void *other = (void *)PyWeakref_GetObject, *another = (void *)PyList_GetItem;\n"
    assert compile_c(compiler, source, *words, "-Wno-deprecated-declarations").status != 0


@every_compiler
def test_the_header_alone_before_all_others(compiler: Compiler) -> None:
    """As with `-include`, on the command line."""
    words = [f"-DPy_COMPAT_API_VERSION={MAX}", "-DPy_COMPAT_API_LINT"]
    source = "#include <Python.h>\nint main(void) { return Py_IsInitialized(); }\n"
    done = compile_c(compiler, source, *STRICT, *words, "-include", "py_compat_api.h")
    assert done == (0, "")


@every_compiler
def test_without_the_macro_it_is_the_running_version(compiler: Compiler) -> None:
    source = """
        #include "py_compat_api.h"
        #include "py_compat_api.h"
        #if Py_COMPAT_API_VERSION != PY_VERSION_HEX
        #  error "not the version at hand"
        #endif
        #if Py_COMPAT_API_VERSION_MAX < 0x03FF0000
        #  error "not the maximum"
        #endif
    """
    assert compile_c(compiler, source, *STRICT) == (0, "")


@every_compiler
def test_a_name_of_the_limited_api_stays(compiler: Compiler) -> None:
    source = '#include "py_compat_api.h"\nvoid f(void) { PyErr_Restore(0, 0, 0); }\n'
    words = [f"-DPy_COMPAT_API_VERSION={MAX}", "-DPy_COMPAT_API_LINT"]
    assert "PyErr_SetRaisedException" in compile_c(compiler, source, *words).output
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        done = compile_c(compiler, source, *words, "-DPy_LIMITED_API=0x030B0000")
        assert done == (0, "")


@pytest.mark.parametrize("compiler", COMPILERS[:1])
@pytest.mark.parametrize("value", ["", "=", "=0", "=310", "=0x02070000", "=3.15"])
def test_values_that_are_no_version(compiler: Compiler, value: str) -> None:
    done = compile_c(compiler, '#include "py_compat_api.h"\n', f"-DPy_COMPAT_API_VERSION{value}")
    assert done.status != 0
    assert "must be a version like 0x03100000" in done.output or value == "=3.15"


# ---- in company


FAKE = """
    #ifndef PYTHONCAPI_COMPAT
    #define PYTHONCAPI_COMPAT
    #include <Python.h>
    static inline void fetch(PyObject **a, PyObject **b, PyObject **c) { PyErr_Fetch(a, b, c); }
    #endif
"""


@every_compiler
@pytest.mark.parametrize("last", ["ft_compat.h", "py_compat_api.h"])
def test_ft_compat_in_both_orders(compiler: Compiler, last: str) -> None:
    """On older Pythons it is made of old names too."""
    names = sorted(["ft_compat.h", "py_compat_api.h"], key=last.__eq__)
    source = "".join(f'#include "{name}"\n' for name in names)
    words = [f"-DPy_COMPAT_API_VERSION={MAX}", "-DPy_COMPAT_API_LINT", *STRICT]
    use = "int f(PyObject *w, PyObject **o) { return PyWeakref_GetRef(w, o); }\n"
    assert compile_c(compiler, source + use, *words) == (0, "")
    use = "PyObject *f(PyObject *w) { return PyWeakref_GetObject(w); }\n"
    assert "use PyWeakref_GetRef" in compile_c(compiler, source + use, *words).output


@every_compiler
@pytest.mark.parametrize("order", [("py_compat_api.h", "pythoncapi_compat.h"), None])
def test_pythoncapi_compat_in_both_orders(
    compiler: Compiler, order: tuple[str, str] | None, tmp_path: Path
) -> None:
    """It is made of old names, and comes first in truth."""
    real = find_pythoncapi_compat()
    for text in [FAKE, *([real.read_text()] if real else [])]:
        (tmp_path / "pythoncapi_compat.h").write_text(text)
        names = order or ("pythoncapi_compat.h", "py_compat_api.h")
        source = "".join(f'#include "{name}"\n' for name in names)
        words = [f"-DPy_COMPAT_API_VERSION={MAX}", "-Wno-deprecated-declarations"]
        assert compile_c(compiler, source, *words, f"-I{tmp_path}") == (0, "")
        use = source + "void f(void) { PyErr_Restore(0, 0, 0); }\n"
        done = compile_c(compiler, use, *words, f"-I{tmp_path}")
        assert "use PyErr_SetRaisedException" in done.output


def find_pythoncapi_compat() -> Path | None:
    """Find the real one, which mypy brings along."""
    mypyc = importlib.util.find_spec("mypyc")
    if mypyc is None or not mypyc.submodule_search_locations:
        return None
    path = Path(mypyc.submodule_search_locations[0]) / "lib-rt" / "pythoncapi_compat.h"
    return path if path.is_file() else None


# ---- compilers that have no way to say it


@every_compiler
def test_plain_compilers_name_the_removal(compiler: Compiler, uses: Path, tmp_path: Path) -> None:
    """What MSVC sees: no error with a text, so names that say it."""
    header = (INCLUDE / "py_compat_api.h").read_text()
    for gnu in "#if defined(__GNUC__) || defined(__clang__)", "#ifdef __has_attribute":
        assert header.count(gnu) == 1
        header = header.replace(gnu, "#if 0")
    (tmp_path / "py_compat_api.h").write_text(header)
    words = [f"-DPy_COMPAT_API_VERSION={MAX}", "-DPy_COMPAT_API_LINT"]
    # C compilers warn of an unknown function, and leave the error to the linker.
    words += ["-Werror=implicit-function-declaration"] if "c" in compiler.language else []
    output = compile_c(compiler, uses, *words, include=tmp_path).output
    for api in USABLE:
        # GCC names no identifier that is where there must not be one.
        is_named = api.name not in ("Py_ALIGNED", "Py_TRASHCAN_SAFE_END")
        if is_named and api.is_refused(MAX, lint=True):
            says = "" if api.kind == "constant" else "_(is|will_be)_"
            assert re.search(rf"error: .*\b{api.word()}{says}", output), api.name
    assert "PyWeakref_GetObject_is_removed_in_Python_3_15_use_PyWeakref_GetRef" in output


# ---- behaviour


@pytest.fixture(scope="module")
def behaviour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an extension that is compiled with the header."""
    folder = tmp_path_factory.mktemp("behaviour")
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    subprocess.run(
        ["cc", "-std=c11", "-shared", "-fPIC", *PYTHON, f"-I{INCLUDE}", *STRICT]
        + [str(HERE / "native" / "behaviour.c"), "-o", str(folder / f"behaviour{suffix}")]
        + (["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []),
        check=True,
    )
    return folder


def test_immutable_types_need_immutable_bases(behaviour: Path) -> None:
    ways = ["spec", "bases", "module"] + (["class"] if MINOR >= 12 else [])
    run_python(f"""if True:
        import sys, warnings
        warnings.simplefilter("ignore")  # CPython's own, before it was an error
        sys.path.insert(0, {str(behaviour)!r})
        import behaviour

        class Mutable: pass
        for way in {ways}:
            assert behaviour.immutable(way, object).__base__ is object
            try:
                behaviour.immutable(way, Mutable)
            except TypeError as error:
                assert "behaviour.Immutable from mutable base" in str(error), error
                assert "Mutable" in str(error), error
            else:
                raise AssertionError(way)
    """)


def test_the_lint_deletes_no_attribute_with_null(behaviour: Path) -> None:
    run_python(f"""if True:
        import sys
        sys.path.insert(0, {str(behaviour)!r})
        import behaviour

        class Thing: pass
        thing = Thing()
        for by_string, function in enumerate(["PyObject_DelAttr()", "PyObject_DelAttrString()"]):
            assert behaviour.set_attr(by_string, thing, "a", 1) == 0
            assert thing.a == 1
            try:
                behaviour.set_attr(by_string, thing, "a")
            except SystemError as error:
                assert str(error).endswith("use " + function), error
            else:
                raise AssertionError(function)
            assert thing.a == 1
            assert behaviour.del_attr(by_string, thing, "a") == 0
            assert not hasattr(thing, "a")
    """)
