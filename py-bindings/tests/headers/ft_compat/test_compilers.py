"""ft_compat.h: the opinion of several compilers."""

import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ft_utils
import pytest
from helpers.limits import VERY_LONG

from .shared import EXT, HAS_GIL, HEADERS

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
COMPILERS = [
    (compiler, standard)
    for pair in (("gcc", "g++"), ("clang", "clang++"))
    for compiler, standards in zip(pair, (("c11", "c17"), ("c++17", "c++20")), strict=True)
    for standard in standards
]

# All calls except atomic operations, which are too many to be compiled so often.
CALLS = """
#include "check_lock.h"
#include "check_reference.h"
#include "check_refcount.h"
PyMethodDef methods[] = {LOCK_METHODS, REFERENCE_METHODS, REFCOUNT_METHODS, {NULL, NULL, 0, NULL}};
PyModuleDef_Slot slots[] = {FT_SLOTS_END_GIL_NOT_USED};
PyModuleDef_Slot old_slots[] = {_PY_NOGIL_MODULE_SLOT {0, NULL}};
"""


def other_header() -> Path | None:
    """Find pythoncapi_compat.h, which mypy brings: here, or in the environment with the tools."""
    places = itertools.chain(
        map(Path, sys.path), Path(sys.prefix).parent.glob("*/lib/python*/site-packages")
    )
    folders = (place / "mypyc" / "lib-rt" for place in places)
    return next((one for one in folders if (one / "pythoncapi_compat.h").is_file()), None)


def compile_alone(
    compiler: str, standard: str, source: str, *words: str, headers: Path = HEADERS
) -> str:
    """Return what the compiler has to say."""
    language = "c++" if "++" in standard else "c"
    done = subprocess.run(
        [compiler, f"-x{language}", f"-std={standard}", *WARNINGS, *words, "-"]
        + [f"-I{ft_utils.get_include()}", f"-I{EXT / 'src'}"]
        # Debian's pyconfig.h is one folder further up.
        + ["-isystem", str(headers), "-isystem", str(headers.parent)],
        input=source,
        capture_output=True,
        text=True,
        timeout=VERY_LONG,
        check=False,
    )
    assert done.returncode == 0 or done.stderr, done
    return done.stderr


ORDERS = {
    "alone": ["ft_compat.h"],
    "first": ["ft_compat.h", "pythoncapi_compat.h"],
    "last": ["pythoncapi_compat.h", "ft_compat.h"],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("compiler, standard", COMPILERS)
def test_compiles_without_warnings(compiler, standard, order):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    words = ["-fsyntax-only"]
    if order != "alone":
        other = other_header()
        if other is None:
            pytest.skip("there is no pythoncapi_compat.h: mypy, which has it, is not installed")
        words += ["-isystem", str(other)]
    source = "".join(f'#include "{name}"\n' for name in ORDERS[order]) + CALLS
    assert compile_alone(compiler, standard, source, *words) == ""


def other_versions() -> list[Path]:
    """Folders with the Python.h of other versions, which the environment may name."""
    return [Path(one) for one in os.environ.get("FT_PYTHON_HEADERS", "").split(os.pathsep) if one]


@pytest.mark.skipif(not other_versions(), reason="FT_PYTHON_HEADERS names no folders")
@pytest.mark.parametrize("compiler, standard", COMPILERS)
def test_compiles_for_other_versions(compiler, standard):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    source = '#include "check_atomic.h"\n' + CALLS.replace("{LOCK", "{ATOMIC_METHODS, LOCK")
    words = ["-fsyntax-only", "-Wno-shadow", "-Wno-conversion"]
    for headers in other_versions():
        minor = re.search(r"PY_MINOR_VERSION\s+(\d+)", (headers / "patchlevel.h").read_text())
        assert minor, headers
        free_threaded = [["-DPy_GIL_DISABLED=1"]] if int(minor[1]) >= 13 else []
        for build in [[], *free_threaded]:
            said = compile_alone(compiler, standard, source, *words, *build, headers=headers)
            assert said == "", headers


def test_limited_api():
    source = '#include "ft_compat.h"\n#include "check_reference.h"\n' + (
        "PyMethodDef methods[] = {REFERENCE_METHODS, {NULL, NULL, 0, NULL}};"
    )
    if not HAS_GIL:
        pytest.skip("this free-threaded build has no limited API")
    for version in ("0x030A0000", "0x030B0000"):
        words = ["-fsyntax-only", f"-DPy_LIMITED_API={version}"]
        assert compile_alone("cc", "c11", source, *words) == ""
        assert compile_alone("c++", "c++17", source, *words) == ""


@pytest.mark.skipif(
    sys.version_info >= (3, 13) or platform.machine() not in ("x86_64", "AMD64"),
    reason="the GIL does not make up for atomic instructions, or they are not those of x86",
)
def test_atomics_cost_nothing_where_the_gil_is_enough():
    uses = """
#include "ft_compat.h"
Py_ssize_t add(Py_ssize_t *p) { return PREFIX_add_ssize(p, 1); }
void *swap(void **p, void *q) { return PREFIX_exchange_ptr(p, q); }
int compare(int *p, int *q) { return PREFIX_compare_exchange_int(p, q, 1); }
void store(int *p) { PREFIX_store_int(p, 1); PREFIX_fence_seq_cst(); }
"""
    atomic = re.compile(r"\b(lock|xchg\w*|[ml]fence)\b")
    words = ["-S", "-O2", "-o-", "-Wno-error"]
    for prefix, found in (("_Py_atomic", False), ("ft_atomic", True)):
        done = subprocess.run(
            ["cc", "-xc", *words, f"-I{ft_utils.get_include()}", f"-I{HEADERS}", "-"],
            input=uses.replace("PREFIX", prefix),
            capture_output=True,
            text=True,
            check=True,
        )
        assert bool(atomic.search(done.stdout)) is found, done.stdout


def test_extensions_use_every_function():
    done = subprocess.run(
        ["cc", "-xc", "-E", "-P", f"-I{ft_utils.get_include()}", f"-I{HEADERS}", "-I.", "-"],
        cwd=EXT / "src",
        input='#include "compat_c.c"\n#include "compat_cxx.cc"',
        capture_output=True,
        text=True,
        check=True,
    )
    head, _, checks = done.stdout.partition("check_atomics(")
    defined = set(re.findall(r"static inline [\w *]*?\*?(\w+)\s*\(", head))
    ours = {name for name in defined if name.startswith("ft_atomic")}
    assert len(ours) > 700
    ours |= {name for name in defined if name.startswith("_Py_atomic")}
    # What CPython's own headers define is not ours to check, and what is for pointers goes through
    # the same in terms of `void *`.
    if sys.version_info >= (3, 13):
        ours = {name for name in ours if name.startswith("ft_atomic")}
    ours = {name for name in ours if "_address" not in name}
    ours |= {name for name in defined if name.startswith("FtCompat_Py")}
    assert {name for name in ours if f"{name}(" not in checks.replace(" (", "(")} == set()
