"""py_compat_api.h: the names that it refuses, and the words."""

import re
from pathlib import Path

import pytest

from .shared import APIS, MAX, STRICT, USABLE, Compiler, Done, compile_c, every_compiler

# They start compilers, and have no state that threads could share.
pytestmark = pytest.mark.thread_unsafe

VERSIONS = [f"0x03{minor:02X}0000" for minor in range(9, 22)]


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
    """The header refuses all names that it must refuse, with the right words, and no others."""
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
