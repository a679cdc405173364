"""Import what an interpreter that was put together must have; run by it."""

import subprocess
import sys
import sysconfig
import tempfile
import venv
from importlib import import_module
from pathlib import Path

suffix = sysconfig.get_config_var("EXT_SUFFIX")
modules = sorted(Path(sysconfig.__file__).parents[1].glob("lib-dynload/*.so"))
failed = []
for name in [
    *(module.name.partition(".")[0] for module in modules),
    *("asyncio", "concurrent.futures", "ctypes", "lzma", "multiprocessing", "sqlite3", "ssl"),
    *("test.support", "unittest", "venv", "zoneinfo"),
]:
    # Needs a system library that is not everywhere.
    if name in ("_tkinter", "xxlimited", "xxlimited_35"):
        continue
    try:
        import_module(name)
    except ImportError as error:
        failed.append(f"{name}: {error}")
if not modules:
    failed.append("no extension modules")
if not all(module.name.endswith(suffix) for module in modules if "abi3" not in module.name):
    failed.append(f"extension modules do not end with {suffix}")
if not Path(sysconfig.get_path("stdlib"), "os.py").is_file():
    failed.append(f"no library in {sysconfig.get_path('stdlib')}")
if not failed:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True, symlinks=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "--version"], check=True)
sys.exit("\n".join(failed) or 0)
