"""Fixtures for the tests in this folder."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from .shared import INCLUDE, NATIVE, PYTHON, STRICT, USABLE


@pytest.fixture(scope="module")
def uses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A C file with a use in each line, the first API in the second."""
    path = tmp_path_factory.mktemp("compat") / "uses.c"
    lines = ['#include "py_compat_api.h"', *(api.use() for api in USABLE)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def behaviour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an extension that is compiled with the header."""
    folder = tmp_path_factory.mktemp("behaviour")
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    subprocess.run(
        ["cc", "-std=c11", "-shared", "-fPIC", *PYTHON, f"-I{INCLUDE}", *STRICT]
        + [str(NATIVE / "behaviour.c"), "-o", str(folder / f"behaviour{suffix}")]
        + (["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []),
        check=True,
    )
    return folder
