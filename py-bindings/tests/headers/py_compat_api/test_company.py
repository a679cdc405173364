"""py_compat_api.h: together with other headers."""

import importlib.util
from pathlib import Path

import pytest

from .shared import MAX, STRICT, Compiler, compile_c, every_compiler

# They start compilers, and have no state that threads could share.
pytestmark = pytest.mark.thread_unsafe

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
