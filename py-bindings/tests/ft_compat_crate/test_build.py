"""The crate ft-compat: the build of an extension."""

import shutil
import sys
import sysconfig

import pytest
from helpers.builds import FREE_THREADED
from helpers.limits import VERY_LONG

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]

IS_BUILT_FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def test_build(ext):
    major, minor, *_ = sys.version_info
    free_threaded = str(IS_BUILT_FREE_THREADED).lower()
    assert ext.TARGET == (
        f"Target {{ free_threaded: {free_threaded}, limited_api: false, "
        f"version: ({major}, {minor}) }}"
    )
    assert ext.FREE_THREADED is ext.PY_GIL_DISABLED is IS_BUILT_FREE_THREADED
    assert ext.PY_3_11 is True
    assert ext.PY_3_12 is (sys.version_info >= (3, 12))
    assert ext.PY_3_13 is (sys.version_info >= (3, 13))


def test_gil_stays_off(ext):
    assert FREE_THREADED is IS_BUILT_FREE_THREADED
    if IS_BUILT_FREE_THREADED:
        assert not sys._is_gil_enabled()
