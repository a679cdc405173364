"""The cost of operations, compared with other libraries that do the same.

`cargo xtask bench` installs the other libraries and calls this. By hand, from the folder above:

    python -m benchmarks --site ours=DIR [--site reference=DIR] [--site cereggii=DIR] ...
"""
