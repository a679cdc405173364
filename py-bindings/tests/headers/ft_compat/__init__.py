"""`ft_compat.h`, through extensions written as a user would write them (`headers/ext/`).

They are built against the installed package, with setuptools and with meson-python, in C and C++.
"""
