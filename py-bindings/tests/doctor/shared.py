"""Helpers for the tests in this folder."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from ft_utils import doctor
from ft_utils.doctor import examine
from helpers.builds import FREE_THREADED
from helpers.limits import LONG

free_threaded = pytest.mark.skipif(not FREE_THREADED, reason="the GIL is on anyway")
with_gil = pytest.mark.skipif(FREE_THREADED, reason="for builds with the GIL")

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
TAG = SUFFIX.strip(".").rpartition(".")[0]
OWN_TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
OWN_ABI = OWN_TAG + "t" * FREE_THREADED
# Of a build with the GIL, and of a version that nobody has.
FOREIGN = SUFFIX.replace(TAG.split("-")[1], "309")
GIL_TAG = "cp39-cp39-linux_x86_64"

# The folder that `ft_utils` is in.
OURS = str(Path(doctor.__file__).parents[2])

NATIVE = {
    "needs_gil": ["SINGLE_PHASE"],
    "needs_gil_in_slots": [],
    "declares": ["DECLARES"],
    "declares_in_one_phase": ["SINGLE_PHASE", "DECLARES"],
    # The GIL is on for its sake while it imports the other.
    "brings_needs_gil": ["SINGLE_PHASE", "DECLARES", "IMPORTS=needs_gil"],
    # It needs the GIL, and not the other that it imports meanwhile.
    "needs_gil_for_both": ["SINGLE_PHASE", "IMPORTS=declares"],
    "runs_needs_gil": ["DECLARES", "IMPORTS=needs_gil"],
    "needs_gil_in_vain": ["FAILS"],
    "crashes": ["DECLARES", "CRASHES"],
    "crashes_at_once": ["SINGLE_PHASE", "CRASHES"],
    # For packages.
    "_speed": [],
    "_fast": ["DECLARES"],
}
if sys.version_info >= (3, 15):
    NATIVE["exports"] = ["EXPORTS"]

PYTHON = {
    "plain": "",
    "raises": "import declares\nraise LookupError('on purpose')",
    "raises_silently": """
        class Silent(Exception):
            def __str__(self):
                raise self
        raise Silent
    """,
    "misses": "import is_not_there",
    "exits": "import sys\nimport needs_gil\nsys.exit(3)",
    "leaves": "import os\nos._exit(0)",
    "leaves_with_status": "import os\nos._exit(7)",
    "hangs": """
        import threading
        from pathlib import Path
        import declares
        Path(__file__).with_name("hangs.started").touch()
        threading.Event().wait()
    """,
    "prints": """
        import os, sys
        print("on stdout")
        print("on stderr", file=sys.stderr)
        os.write(1, b"# loading module 'prints', which may be")
        os.write(2, b"\\xff\\xfe" * 5)
    """,
    "threads": """
        import threading
        threading.Thread(target=threading.Event().wait).start()
    """,
    "forks": """
        import os
        if hasattr(os, "fork") and (child := os.fork()):
            os.waitpid(child, 0)
    """,
    "hides": """
        import os, sys, warnings
        warnings.simplefilter("ignore")
        sys.stderr = None
        os.close(2)
        import brings_needs_gil
    """,
    "objects": """
        import warnings
        warnings.simplefilter("error")
        import brings_needs_gil
    """,
    "logs": """
        import logging
        logging.captureWarnings(True)
        import brings_needs_gil
    """,
    "records": """
        import warnings
        with warnings.catch_warnings(record=True):
            import brings_needs_gil
    """,
    "imports": "import brings_needs_gil",
    "survives": """
        try:
            import needs_gil_in_vain
        except ImportError:
            pass
    """,
    "spawns": """
        import subprocess, sys
        text = f"import sys; sys.path[:] = {sys.path}; import needs_gil, needs_gil_in_slots"
        subprocess.run([sys.executable, "-v", "-c", text], check=True)
    """,
    "smuggles": """
        import _imp, declares, importlib.util, sys, warnings
        stderr, sys.stderr = sys.stderr, None
        warnings.simplefilter("ignore")
        _imp.create_dynamic(importlib.util.find_spec("needs_gil"))
        sys.stderr = stderr
    """,
    "recovers": """
        try:
            import crashes_not
        except ImportError:
            import declares
    """,
    "package/__init__": "from package import _fast\nfrom package.inner import _speed",
    "package/inner/__init__": "",
    "namespace/part/module": "import package.inner._speed",
}


def install(site, name, files=(), tags=(f"{OWN_TAG}-{OWN_ABI}-linux_x86_64",), **texts):
    """Write what tells Python that a distribution is installed."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    texts.setdefault("METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    texts.setdefault("WHEEL", "Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))
    texts.setdefault("RECORD", "".join(f"{file},,\n" for file in files))
    for file, text in texts.items():
        if text is not None:
            (info / file.replace("_json", ".json").replace("_txt", ".txt")).write_text(text)
    return info


def imported(*modules, **options):
    """Examine modules, and return what came of each."""
    report = examine(modules, **options)
    assert [one.module for one in report.imports] == list(modules)
    return report


def distribution(report, name):
    [found] = [one for one in report.distributions if one.name == name]
    return found


def of_code(report, *codes):
    return [one for one in report.findings if one.code in codes]


def run_doctor(*words, flags=()):
    """Run the command as a user does, and return how it ended and its JSON."""
    done = run_module("doctor", *words, "--json", flags=flags)
    return done, json.loads(done.stdout)


def run_module(*words, flags=()):
    path = os.pathsep.join([one for one in [*sys.path, OURS] if isinstance(one, str) and one])
    return subprocess.run(
        [sys.executable, *flags, "-m", "ft_utils", *words],
        capture_output=True,
        text=True,
        timeout=2 * LONG,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
