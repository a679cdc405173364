"""The folders where a compiler finds the headers of this package."""

import shutil
from pathlib import Path

_PACKAGE = Path(__file__).parent


def get_include() -> str:
    """Return the folder with ``ft_compat.h`` and the other headers, for a compiler's ``-I``.

    In a ``setup.py``::

        Extension("mine", ["mine.c"], include_dirs=[ft_utils.get_include()])

    On the command line: ``python -m ft_utils --include``.
    """
    return str(_PACKAGE / "include")


def get_pkgconfig_dir() -> str:
    """Return the folder with ``ft_utils.pc``, for ``PKG_CONFIG_PATH``.

    Meson and CMake find the headers through it. The ``pkgconf`` of PyPI knows the folder already.

    On the command line: ``python -m ft_utils --pkgconfigdir``.
    """
    return str(_PACKAGE / "pkgconfig")


def copy_headers(folder: Path) -> list[Path]:
    """Copy ``ft_compat.h``, and the headers that it includes, into a folder; return the copies.

    The copies need nothing else from this package, and include their licence. They are meant for
    projects of other people, also for projects that support older Pythons than this package does.

    On the command line: ``python -m ft_utils --copy-headers DIR``.
    """
    include = Path(get_include())
    names = ["ft_compat.h", "py_compat_api.h"]
    names += [f"ft_compat/{path.name}" for path in sorted((include / "ft_compat").iterdir())]
    (folder / "ft_compat").mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(include / name, folder / name)) for name in names]
