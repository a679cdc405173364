"""What an operation costs, beside the other libraries that do the same.

`cargo xtask bench` installs the others and calls this. By hand, from the folder above:

    python -m benchmarks --site ours=DIR [--site reference=DIR] [--site cereggii=DIR] ...
"""
