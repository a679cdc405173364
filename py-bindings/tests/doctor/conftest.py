"""Fixtures for the tests in this folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest
from helpers.builds import built_once
from helpers.limits import LONG

from .shared import NATIVE, OURS, PYTHON, SUFFIX


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A folder with the extension modules, each in a file of its name, without a suffix."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    headers = Path(sysconfig.get_path("include"))
    if os.name != "posix" or compiler is None or not (headers / "Python.h").is_file():
        pytest.skip("needs a C compiler and the headers of Python")
    source = Path(__file__).with_name("modules.c")
    # macOS finds the functions of the interpreter when the module is loaded.
    kind = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]

    def compile_all(folder):
        compilers = []
        for name, defines in NATIVE.items():
            flags = ["-fPIC", "-O0", *kind, f"-I{headers}", f"-DNAME={name}"]
            words = [compiler, *flags, *(f"-D{define}" for define in defines), source]
            compilers.append(subprocess.Popen([*words, "-o", folder / name]))
        assert [one.wait(LONG) for one in compilers] == [0] * len(compilers)

    return built_once(tmp_path_factory, "doctor", compile_all)


@pytest.fixture
def site(built, tmp_path, monkeypatch):
    """A folder like site-packages, with all modules, and instead of it."""
    site = tmp_path / "site"
    for name, text in PYTHON.items():
        path = site / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    places = {"_speed": "package/inner/_speed", "_fast": "package/_fast"}
    for name in NATIVE:
        shutil.copy(built / name, site / (places.get(name, name) + SUFFIX))
    # Without what is installed for the tests themselves.
    path = [one for one in sys.path if "site-packages" not in one and one != OURS]
    monkeypatch.setattr(sys, "path", [str(site), *path, site / "not text"])
    return site


@pytest.fixture
def both(tmp_path):
    """A folder into which ft_utils 0.2.0 was installed beside ours."""
    folder = tmp_path / "both"
    source = Path(OURS) / "ft_utils"
    shutil.copytree(source, folder / "ft_utils", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "ft_utils-0.2.0.dist-info").mkdir()
    (folder / "ft_utils_rs-0.1.0.dist-info").mkdir()
    return folder
