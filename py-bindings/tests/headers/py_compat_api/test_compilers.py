"""py_compat_api.h: compilers without a way to say why."""

import re
from pathlib import Path

import pytest

from .shared import INCLUDE, MAX, USABLE, Compiler, compile_c, every_compiler

# They start compilers, and have no state that threads could share.
pytestmark = pytest.mark.thread_unsafe


@every_compiler
def test_plain_compilers_name_the_removal(compiler: Compiler, uses: Path, tmp_path: Path) -> None:
    """MSVC has no error with a text, so names tell the reason."""
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
