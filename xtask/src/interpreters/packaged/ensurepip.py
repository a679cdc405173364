"""As CPython's `python -m ensurepip`: installs the pip that lies beside this file."""

import os
import runpy
import sys
from pathlib import Path

here = Path(__file__).parent
(wheel,) = here.glob("pip-*.whl")
for name in [name for name in os.environ if name.startswith("PIP_")]:
    # Of the user, and meant for another pip.
    del os.environ[name]
os.environ["PIP_CONFIG_FILE"] = os.devnull
sys.path.insert(0, str(wheel))
options = ["--no-cache-dir", "--no-index", "--no-deps", "--disable-pip-version-check"]
sys.argv = ["pip", "install", "--quiet", *options, "--find-links", str(here), *sys.argv[1:], "pip"]
if "--default-pip" in sys.argv:
    # Which names the program `pip` gets is an option of CPython's, not of pip's.
    sys.argv.remove("--default-pip")
runpy.run_module("pip", run_name="__main__", alter_sys=True)
