"""Where a compiler finds the headers of this package."""

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
