"""The build of this interpreter, and extensions built for it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.places import ROOT

FREE_THREADED = hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled()


def built_extension(package: str) -> Path:
    """Build a package of the workspace that is an extension for this interpreter."""
    target = ROOT / "target" / "extension" / str(sysconfig.get_config_var("SOABI"))
    variables = {"PYO3_PYTHON": sys.executable, "PYO3_BUILD_EXTENSION_MODULE": "1"}
    if sysconfig.get_config_var("Py_GIL_DISABLED") and sys.version_info < (3, 14):
        variables["UNSAFE_PYO3_SKIP_VERSION_CHECK"] = "1"
    cargo = ["cargo", "build", "--quiet", "--locked", "--offline", "--target-dir", str(target)]
    done = subprocess.run(
        [*cargo, "--package", package, "--config", "profile.dev.debug=false"],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    prefix, suffix = {"win32": ("", "dll"), "darwin": ("lib", "dylib")}.get(
        sys.platform, ("lib", "so")
    )
    return target / "debug" / f"{prefix}{package.replace('-', '_')}.{suffix}"


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Return a folder that `build` has filled, once for all processes of this run of pytest."""
    import fcntl  # What calls this needs a POSIX system anyway.

    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder, done = folder / name, folder / f"{name}.done"
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
