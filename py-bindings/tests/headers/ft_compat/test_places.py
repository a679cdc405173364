"""ft_compat.h: where the headers are, and their versions."""

import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import ft_utils
import pytest
from helpers.limits import VERY_LONG
from helpers.places import BINDINGS

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


def test_include_holds_the_headers():
    folder = Path(ft_utils.get_include())
    assert folder.is_absolute()
    assert (folder / "ft_compat.h").is_file()
    assert folder.is_relative_to(Path(ft_utils.__file__).parent)


def test_versions_agree():
    header = (Path(ft_utils.get_include()) / "ft_compat.h").read_text()
    pc = (Path(ft_utils.get_pkgconfig_dir()) / "ft_utils.pc").read_text()
    major, minor, patch = map(int, re.findall(r"\d+", ft_utils.__version__)[:3])
    assert f'#define FT_COMPAT_VERSION "{ft_utils.__version__}"' in header
    assert f"#define FT_COMPAT_VERSION_HEX 0x{major << 16 | minor << 8 | patch:06x}\n" in header
    assert f"Version: {ft_utils.__version__}\n" in pc


def test_pkg_config_finds_the_headers():
    found = subprocess.run(
        [str(tool("pkg-config")), "--cflags", "ft_utils"],
        env={**os.environ, "PKG_CONFIG_PATH": ft_utils.get_pkgconfig_dir()},
        capture_output=True,
        text=True,
        check=True,
    )
    (flag,) = found.stdout.split()
    assert flag.startswith("-I")
    assert Path(flag[2:]).samefile(ft_utils.get_include())


def test_entry_point_names_the_pkg_config_folder():
    manifest = tomllib.loads((BINDINGS / "pyproject.toml").read_text())
    (module,) = manifest["project"]["entry-points"]["pkg_config"].values()
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).parent.samefile(ft_utils.get_pkgconfig_dir())


def tool(name: str) -> Path:
    """Find a program, first among those of this environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=path)
    assert found, f"no {name}"
    return Path(found)
