"""ft_compat.h: extensions that are built with setuptools and meson-python."""

import sys

import ft_utils
import pytest
from helpers.limits import VERY_LONG
from helpers.programs import run_python

from .shared import BACKENDS, HAS_GIL, load

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


def test_module_says_what_it_was_built_for(module):
    about = module.about()
    assert about["free_threaded"] == (not HAS_GIL)
    assert about["version"] == ft_utils.__version__


@pytest.mark.skipif(HAS_GIL, reason="a GIL build")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["compat_c", "compat_cxx", "compat_slot"])
def test_gil_stays_off(sites, backend, name):
    code = f"import sys; sys.path.insert(0, {str(sites[backend])!r})\n"
    code += f"import {name}; print(sys._is_gil_enabled())"
    assert run_python(code) == "False\n"


def test_old_slot(sites):
    for site in sites.values():
        assert load(site, "compat_slot").__name__ == "compat_slot"
