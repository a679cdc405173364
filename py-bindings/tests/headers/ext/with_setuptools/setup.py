"""The file that an author of extensions writes for setuptools."""

import ft_utils
from setuptools import Extension, setup

include_dirs = [ft_utils.get_include()]

setup(
    ext_modules=[
        Extension("compat_c", ["compat_c.c"], include_dirs=include_dirs),
        Extension("compat_slot", ["compat_slot.c"], include_dirs=include_dirs),
        Extension("compat_cxx", ["compat_cxx.cc"], include_dirs=include_dirs),
    ]
)
