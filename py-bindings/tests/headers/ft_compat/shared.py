"""Helpers for the tests in this folder."""

import importlib.machinery
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from types import ModuleType

import ft_utils

EXT = Path(__file__).parents[1] / "ext"
HEADERS = Path(sysconfig.get_path("include"))
HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")
THREADS = 4
BACKENDS = {"setuptools": "setuptools.build_meta", "meson": "mesonpy"}
KINDS = [f"{backend}-{name}" for backend in BACKENDS for name in ("compat_c", "compat_cxx")]


def build(backend: str, folder: Path) -> None:
    """Do what pip would, without the environment of its own: build a wheel, and unpack it."""
    shutil.copytree(EXT / "src", folder)
    shutil.copytree(EXT / f"with_{backend}", folder, dirs_exist_ok=True)
    (folder / "wheel").mkdir()
    done = subprocess.run(
        [sys.executable, "-c"]
        + [f"import {BACKENDS[backend]} as backend; backend.build_wheel('wheel')"],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PKG_CONFIG_PATH": ft_utils.get_pkgconfig_dir(),
            # A third of the time would go into debugging information, and as much into optimising
            # as far as Python was; Meson does that in the end.
            "CFLAGS": "-g0 -O1",
            "CXXFLAGS": "-g0 -O1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (wheel,) = (folder / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")


def load(site: Path, name: str) -> ModuleType:
    (file,) = (one for one in site.iterdir() if one.name.split(".")[0] == name)
    loader = importlib.machinery.ExtensionFileLoader(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
