"""Measures what operations cost, and compares the cost with other libraries.

`cargo xtask bench` installs the other libraries and calls this. By hand, from the folder above:

    python -m benchmarks --site ours=DIR [--site reference=DIR] [--site cereggii=DIR] ...
"""
