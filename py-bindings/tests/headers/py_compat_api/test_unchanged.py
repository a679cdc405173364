"""py_compat_api.h: programs that it leaves alone."""

import sysconfig
from pathlib import Path

import pytest

from .shared import COMPILERS, MAX, NATIVE, STRICT, Compiler, compile_c, every_compiler

# They start compilers, and have no state that threads could share.
pytestmark = pytest.mark.thread_unsafe


@every_compiler
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("version", [None, MAX])
def test_an_ordinary_extension_compiles(
    compiler: Compiler, version: str | None, first: bool
) -> None:
    words = [f"-DPy_COMPAT_API_VERSION={version}"] if version else []
    words += ["-DCOMPAT_FIRST"] if first else []
    # With assertions, macros of CPython look at more.
    done = compile_c(compiler, NATIVE / "ordinary.c", "-UNDEBUG", *STRICT, *words)
    assert done == (0, "")


@every_compiler
@pytest.mark.parametrize("option", ["-DPy_COMPAT_API_VERSION=0x030F0000", "-DPy_COMPAT_API_LINT"])
def test_a_library_of_headers_that_uses_what_is_refused(
    compiler: Compiler, tmp_path: Path, option: str
) -> None:
    """A library of headers such as pybind11 is not checked if a file includes it first."""
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
    """The header comes first with `-include` on the command line."""
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
