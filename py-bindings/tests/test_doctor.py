"""python -m ft_utils, and ft_utils.doctor."""

import doctest
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import threading
import zipfile
from pathlib import Path

import pytest
from ft_utils import __main__ as command
from ft_utils import __version__, doctor
from ft_utils.doctor import examine
from support import FREE_THREADED, LONG

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")

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


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A folder with the extension modules, each in a file of its name, without a suffix."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    headers = Path(sysconfig.get_path("include"))
    if os.name != "posix" or compiler is None or not (headers / "Python.h").is_file():
        pytest.skip("needs a C compiler and the headers of Python")
    folder = tmp_path_factory.mktemp("built")
    source = Path(__file__).with_name("doctor_modules.c")
    # macOS finds the functions of the interpreter when the module is loaded.
    kind = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]
    compilers = []
    for name, defines in NATIVE.items():
        flags = ["-fPIC", "-O0", *kind, f"-I{headers}", f"-DNAME={name}"]
        words = [compiler, *flags, *(f"-D{define}" for define in defines), source]
        compilers.append(subprocess.Popen([*words, "-o", folder / name]))
    assert [one.wait(LONG) for one in compilers] == [0] * len(compilers)
    return folder


@pytest.fixture
def site(built, tmp_path, monkeypatch):
    """A folder like site-packages, with all modules, and instead of it."""
    site = tmp_path / "site"
    for name, text in PYTHON.items():
        path = site / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    places = {"_speed": "package/inner/_speed", "_fast": "package/_fast"}
    for name in NATIVE:
        shutil.copy(built / name, site / (places.get(name, name) + SUFFIX))
    # Without what is installed for the tests themselves.
    path = [one for one in sys.path if "site-packages" not in one and one != OURS]
    monkeypatch.setattr(sys, "path", [str(site), *path, site / "not text"])
    return site


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


# Imports


@free_threaded
@pytest.mark.parametrize(
    ("module", "culprit"),
    [
        ("plain", None),
        ("declares", None),
        ("declares_in_one_phase", None),
        ("needs_gil", "needs_gil"),
        ("needs_gil_in_slots", "needs_gil_in_slots"),
        ("brings_needs_gil", "needs_gil"),
        ("package", "package.inner._speed"),
        ("package._fast", "package.inner._speed"),
        ("namespace", None),
        ("namespace.part.module", "package.inner._speed"),
        ("objects", "needs_gil"),
        ("prints", None),
        ("hides", "needs_gil"),
        ("imports", "needs_gil"),
        ("runs_needs_gil", "needs_gil"),
        ("needs_gil_for_both", "needs_gil_for_both"),
        ("logs", "needs_gil"),
        ("records", "needs_gil"),
        ("survives", "needs_gil_in_vain"),
        ("spawns", None),
        *[(name, name) for name in NATIVE if name == "exports"],
    ],
)
def test_what_brings_the_gil_back(site, module, culprit):
    report = imported(module)
    [one] = report.imports
    assert one.outcome == "imported"
    assert one.gil_enabled is (culprit is not None)
    assert one.gil_brought_by == culprit
    assert report.undeclared == [culprit] * (culprit is not None)
    found = of_code(report, "undeclared")
    assert [finding.subject for finding in found] == report.undeclared
    assert report.status == (1 if culprit else 0)
    assert module not in sys.modules


@free_threaded
def test_each_import_is_on_its_own(site):
    report = imported("needs_gil", "plain", "needs_gil_in_slots")
    assert [one.gil_enabled for one in report.imports] == [True, False, True]
    assert report.undeclared == ["needs_gil", "needs_gil_in_slots"]


@free_threaded
@pytest.mark.parametrize(
    "undeclared",
    [
        ["needs_gil", "package.inner._speed", "needs_gil_in_slots"],
        ["needs_gil_in_slots", "package.inner._speed", "needs_gil"],
        ["package.inner._speed", "needs_gil_for_both", "needs_gil"],
    ],
)
def test_all_that_do_not_declare_are_named(site, undeclared):
    (site / "many.py").write_text(f"import declares, {', '.join(undeclared)}")
    report = imported("many")
    assert report.imports[0].gil_brought_by == undeclared[0]
    assert report.undeclared == undeclared
    assert {one.module: one.declares for one in report.extensions} == {
        "declares": True,
        "package._fast": True,
        **dict.fromkeys(undeclared, False),
    }
    first, second, third = of_code(report, "undeclared")
    assert "importing many loads it, and turns the GIL on" in first.message
    assert "had turned the GIL on already" in second.message
    assert "had turned the GIL on already" in third.message


@free_threaded
@pytest.mark.parametrize("what", ["sys.stderr.close()", "sys.stderr = None"])
def test_module_that_does_away_with_stderr(site, what):
    text = f"import sys\n{what}\nimport plain, needs_gil, needs_gil_in_slots"
    (site / "without.py").write_text(text)
    report = imported("without")
    assert (report.imports[0].outcome, report.imports[0].detail) == ("imported", "")
    assert report.undeclared == ["needs_gil", "needs_gil_in_slots"]


@free_threaded
def test_gil_that_came_back_unseen(site):
    report = imported("smuggles")
    [one] = report.imports
    assert (one.outcome, one.gil_enabled, one.gil_brought_by) == ("imported", True, None)
    assert report.troubles == ["smuggles: the GIL came back, and nothing said for which module"]
    # What was not named may have been missed.
    assert [each.declares for each in report.extensions] == [None]
    assert report.status == 2


@with_gil
def test_extensions_are_listed_with_the_gil(site):
    report = imported("package")
    assert [one.module for one in report.extensions] == ["package._fast", "package.inner._speed"]
    assert report.undeclared == []
    assert [one.gil_enabled for one in report.imports] == [True]
    assert [one.code for one in report.findings] == ["gil-build"]
    assert report.status == 1


@pytest.mark.parametrize(
    ("module", "outcome", "detail"),
    [
        ("is_not_there", "not found", "No module named 'is_not_there'"),
        ("plain.part", "not found", "No module named 'plain.part'"),
        ("namespace.part.other", "not found", "No module named 'namespace.part.other'"),
        ("misses", "raised", "ModuleNotFoundError: No module named 'is_not_there'"),
        ("raises", "raised", "LookupError: on purpose"),
        ("raises_silently", "raised", "Silent: (its message cannot be had)"),
        ("exits", "exited", "SystemExit: 3"),
        ("leaves", "crashed", "the process ended with status 0"),
        ("leaves_with_status", "crashed", "the process ended with status 7"),
        ("crashes", "crashed", "killed by SIGSEGV while crashes was loaded"),
        ("crashes_at_once", "crashed", "killed by SIGSEGV while crashes_at_once was loaded"),
    ],
)
def test_modules_that_cannot_be_imported(site, module, outcome, detail):
    report = imported(module, "plain")
    one, other = report.imports
    assert one.outcome == outcome
    assert detail in one.detail
    assert report.troubles == [f"{module}: {one.detail}"]
    assert other.outcome == "imported"
    assert report.status == (2 if not report.findings else 1)
    # What was seen until then is told.
    assert report.undeclared == ["needs_gil"] * (module == "exits" and FREE_THREADED)


@pytest.mark.parametrize("module", ["prints", "threads", "forks", "recovers"])
def test_modules_that_only_look_odd(site, capfd, module):
    report = imported(module)
    [one] = report.imports
    assert (one.outcome, one.detail) == ("imported", "")
    assert capfd.readouterr() == ("", "")


def test_module_that_hangs(site, monkeypatch):
    started = site / "hangs.started"
    wait = subprocess.Popen.wait

    def impatient(process, timeout=None):
        if timeout is None:
            return wait(process)
        assert timeout == 1234
        # As if that much time had gone by.
        while not started.exists():
            assert process.poll() is None
        raise subprocess.TimeoutExpired(process.args, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", impatient)
    report = imported("hangs", timeout=1234)
    [one] = report.imports
    assert one.outcome == "timed out"
    assert one.detail == "not done after 1234 s"
    assert [each.module for each in report.extensions] == ["declares"]


def test_interrupt_ends_the_process(site, monkeypatch):
    started = site / "hangs.started"
    processes = []

    def interrupted(process, timeout=None):
        monkeypatch.undo()
        processes.append(process)
        while not started.exists():
            assert process.poll() is None
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    path = [str(site), *sys.path]
    monkeypatch.setattr(sys, "path", path)
    with pytest.raises(KeyboardInterrupt):
        examine(["hangs"])
    assert processes[0].returncode is not None


@free_threaded
@pytest.mark.parametrize("setting", ["0", "1"])
def test_setting_does_not_hide_anything(site, monkeypatch, setting):
    monkeypatch.setenv("PYTHON_GIL", setting)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    done, report = run_doctor("needs_gil", "declares")
    forced = {"0": "off", "1": "on"}[setting]
    assert report["interpreter"]["gil_setting"] == forced
    assert report["interpreter"]["gil_setting_from"] == "PYTHON_GIL"
    assert report["interpreter"]["gil_enabled"] is (setting == "1")
    assert [one["gil_enabled"] for one in report["imports"]] == [True, False]
    codes = [one["code"] for one in report["findings"]]
    assert codes == ["gil-forced-on"] * (setting == "1") + ["undeclared"]
    assert done.returncode == 1


@free_threaded
def test_option_is_told(site):
    _, report = run_doctor("plain", flags=["-X", "gil=1"])
    assert report["interpreter"]["gil_setting_from"] == "-X gil"
    assert [one["code"] for one in report["findings"]] == ["gil-forced-on"]


@free_threaded
@pytest.mark.parametrize("warnings", ["default", "error"])
def test_gil_that_is_on_from_the_start(site, monkeypatch, warnings):
    (site / "sitecustomize.py").write_text("import needs_gil")
    monkeypatch.setenv("PYTHONWARNINGS", warnings)
    done, report = run_doctor("plain", "declares")
    assert report["undeclared_at_start"] == ["needs_gil"]
    assert [one["code"] for one in report["findings"]] == ["gil-on"]
    assert [one["gil_brought_by"] for one in report["imports"]] == [None, None]
    assert [one["module"] for one in report["extensions"]] == ["declares"]
    assert done.returncode == 1


@free_threaded
@pytest.mark.parametrize(
    ("text", "undeclared"),
    [
        ("import needs_gil, needs_gil_in_slots", ["needs_gil", "needs_gil_in_slots"]),
        ("import needs_gil_in_slots, needs_gil", ["needs_gil_in_slots", "needs_gil"]),
        ("import package", ["package.inner._speed"]),
        ("import runs_needs_gil", ["needs_gil"]),
        ("import brings_needs_gil", ["needs_gil"]),
        ("import hides", ["needs_gil"]),
        ("import logs", ["needs_gil"]),
        # A .pth file in that folder is not read otherwise, as the folder is only on PYTHONPATH.
        ("import os, site; site.addsitedir(os.path.dirname(__file__))", ["needs_gil_in_slots"]),
    ],
)
def test_what_is_imported_at_the_start(site, text, undeclared):
    (site / "sitecustomize.py").write_text(text)
    (site / "early.pth").write_text("import needs_gil_in_slots\n")
    _, report = run_doctor("plain")
    assert report["undeclared_at_start"] == undeclared
    assert [one["code"] for one in report["findings"]] == ["gil-on"]


@free_threaded
def test_what_comes_after_the_start(site):
    (site / "sitecustomize.py").write_text("import needs_gil")
    _, report = run_doctor("imports", "needs_gil_in_slots")
    assert report["undeclared_at_start"] == ["needs_gil"]
    assert report["undeclared"] == ["needs_gil_in_slots"]
    assert [one["gil_brought_by"] for one in report["imports"]] == [None, None]
    assert [one["code"] for one in report["findings"]] == ["gil-on", "undeclared"]


@free_threaded
def test_gil_that_this_process_brought_back(monkeypatch):
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: True)
    [finding] = examine(["keyword"]).findings
    assert finding.code == "gil-on"


def test_site_is_as_usual(site):
    (site / "asks.py").write_text("assert exit and help")
    (site / "sitecustomize.py").write_text("import plain")
    (site / "later.py").write_text("import sys\nassert 'sitecustomize' in sys.modules")
    _, report = run_doctor("asks", "later")
    assert [one["outcome"] for one in report["imports"]] == ["imported", "imported"]


def test_flags_are_handed_on(site):
    # Which is not imported under -S.
    (site / "sitecustomize.py").write_text("import needs_gil")
    _, report = run_doctor("plain", flags=["-S"])
    assert report["imports"][0]["outcome"] == "imported"
    assert report["undeclared_at_start"] == []


# Distributions


def test_distribution_for_this_interpreter(site):
    files = [f"needs_gil{SUFFIX}", f"package/inner/_speed{SUFFIX}", "package/__init__.py"]
    metadata = textwrap.dedent(
        """\
        Metadata-Version: 2.1
        Name: Some.Thing
        Version: 1.0
        Classifier: Programming Language :: Python
        Classifier: Programming Language :: Python :: Free Threading :: 3 - Stable
        Project-URL: Homepage, https://example.org/
        Project-URL: Bug Tracker, https://example.org/bugs

        Text: of no interest
        """
    )
    install(site, "Some.Thing", files, METADATA=metadata)
    report = examine()
    found = distribution(report, "Some.Thing")
    assert found.version == "1.0"
    assert found.claims == "3 - Stable"
    assert found.report_to == "https://example.org/bugs"
    assert found.wheel_tags == [f"{OWN_TAG}-{OWN_ABI}-linux_x86_64"]
    assert not found.editable
    assert [(one.module, one.tag, one.found, one.declares) for one in found.extensions] == [
        ("needs_gil", TAG, True, None),
        ("package.inner._speed", TAG, True, None),
    ]
    assert {one.abi for one in found.extensions} == {"free-threaded" if FREE_THREADED else "gil"}
    assert not [one for one in report.findings if one.subject == "Some.Thing"]
    assert report.imports == report.extensions == []


@free_threaded
@pytest.mark.parametrize(
    ("file", "tags", "abi", "code"),
    [
        (f"module{SUFFIX}", [GIL_TAG], "free-threaded", None),
        (f"module{FOREIGN}", [GIL_TAG], "gil", "not-loadable"),
        ("module.cp39-win_amd64.pyd", [GIL_TAG], "gil", "not-loadable"),
        ("module.cpython-399t-x86_64-linux-gnu.so", [], "free-threaded", "not-loadable"),
        ("module.pypy310-pp73-x86_64-linux-gnu.so", [], "other", "not-loadable"),
        ("module.so", ["cp313-cp313t-linux_x86_64"], "free-threaded", None),
        ("module.so", [GIL_TAG], "gil", "gil-abi"),
        ("module.so", ["cp39-abi3-linux_x86_64"], "abi3", "abi3"),
        ("module.so", ["cp315-abi3.abi3t-linux_x86_64"], "abi3t", None),
        ("module.so", ["py3-none-linux_x86_64"], "unknown", None),
        ("module.so", [], "unknown", None),
    ],
)
def test_what_files_are_built_for(built, site, file, tags, abi, code):
    shutil.copy(built / "declares", site / file)
    if file == "module.so":
        # It must have the function that makes it a module.
        path = site / file
        path.write_bytes(path.read_bytes().replace(b"PyInit_declares", b"PyInit_module\0\0"))
    install(site, "thing", [file], tags)
    report = examine()
    [extension] = distribution(report, "thing").extensions
    assert (extension.module, extension.abi) == ("module", abi)
    findings = [one for one in report.findings if one.subject == "thing"]
    assert [one.code for one in findings] == [code] * (code is not None)


@free_threaded
def test_stable_abi_with_the_gil(built, site):
    shutil.copy(built / "declares", site / "module.abi3.so")
    install(site, "thing", ["module.abi3.so"], ["cp39-abi3-linux_x86_64"])
    report = examine()
    # From 3.15 on such files are not loaded by mistake.
    [finding] = [one for one in report.findings if one.subject == "thing"]
    assert finding.code == ("abi3" if sys.version_info < (3, 15) else "not-loadable")
    assert "python -m pip install --upgrade --force-reinstall --no-deps thing" in finding.advice


@free_threaded
def test_one_of_several_builds_is_enough(built, site):
    for suffix in (SUFFIX, FOREIGN, ".abi3.so"):
        shutil.copy(built / "declares", site / f"module{suffix}")
    files = [f"module{suffix}" for suffix in (FOREIGN, ".abi3.so", SUFFIX)]
    install(site, "thing", files)
    report = examine()
    assert len(distribution(report, "thing").extensions) == 3
    assert not [one for one in report.findings if one.subject == "thing"]


@with_gil
def test_other_builds_are_no_findings_with_the_gil(built, site):
    shutil.copy(built / "declares", site / f"module{FOREIGN}")
    install(site, "thing", [f"module{FOREIGN}"], [GIL_TAG])
    report = examine()
    assert [one.code for one in report.findings] == ["gil-build"]
    assert "must be installed anew for a free-threaded Python" in " ".join(report.to_text().split())


def test_ordinary_libraries_are_not_modules(built, site):
    for name in ("libthing.so", "thing.libs/libother-1a2b.so", "thing/data-file.so"):
        (site / name).parent.mkdir(exist_ok=True)
        shutil.copy(built / "declares", site / name)
    (site / "empty.so").touch()
    files = ["libthing.so", "thing.libs/libother-1a2b.so", "thing/data-file.so", "empty.so"]
    install(site, "thing", [*files, "is_gone.so", f"is_gone{SUFFIX}"])
    report = examine()
    assert "thing" in report.pure_distributions
    assert "thing" not in [one.name for one in report.distributions]


def test_package_that_is_an_extension(built, site):
    (site / "whole").mkdir()
    shutil.copy(built / "declares", site / "whole" / f"__init__{SUFFIX}")
    install(site, "whole", [f"whole/__init__{SUFFIX}"])
    [extension] = distribution(examine(), "whole").extensions
    assert extension.module == "whole"


def test_first_of_a_name_counts(site, tmp_path, monkeypatch):
    install(site, "my-thing", [f"declares{SUFFIX}"])
    install(tmp_path / "later", "My_Thing", [f"is_not_here{SUFFIX}"])
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "later")])
    report = examine()
    assert distribution(report, "my-thing")
    assert "My_Thing" not in report.pure_distributions


def test_broken_metadata(site):
    install(site, "nameless", METADATA="Metadata-Version: 2.1\n")
    install(site, "empty", METADATA=None, WHEEL=None, RECORD=None)
    install(site, "garbled", direct_url_json="{not json")
    install(site, "sound", [f"declares{SUFFIX}"])
    (site / "odd.dist-info").mkdir()
    (site / "file.dist-info").touch()
    report = examine()
    assert distribution(report, "sound")
    for name in ("nameless", "garbled"):
        assert sum(name in trouble for trouble in report.troubles) == 1
    assert report.status == (2 if FREE_THREADED else 1)
    # What is not looked at does not matter.
    assert examine(["plain"]).troubles == []


@pytest.mark.parametrize("top_level", [None, "package\n"])
def test_without_a_list_of_files(site, top_level):
    install(site, "package", RECORD=None, top_level_txt=top_level)
    found = distribution(examine(), "package")
    assert [one.module for one in found.extensions] == ["package._fast", "package.inner._speed"]


@pytest.mark.parametrize("layout", ["src", "", "pth"])
def test_editable_installation(site, tmp_path, layout):
    source = tmp_path / "source"
    root = source / ("elsewhere" if layout == "pth" else layout)
    root.mkdir(parents=True)
    shutil.move(site / "package", root / "package")
    (site / "package.pth").write_text(f"# a comment\nimport sys\n{root}\n")
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    files = ["package.pth"] if layout == "pth" else []
    install(site, "package", files, ["py3-none-any"], direct_url_json=json.dumps(origin))
    found = distribution(examine(), "package")
    assert found.editable
    assert [one.module for one in found.extensions] == ["package._fast", "package.inner._speed"]
    assert f"{OWN_TAG}" not in found.wheel_tags


@free_threaded
def test_import_knows_the_distribution(site):
    metadata = "Metadata-Version: 2.1\nName: inner\nVersion: 1.0\nHome-page: https://example.org/\n"
    install(site, "inner", [f"package/inner/_speed{SUFFIX}"], METADATA=metadata)
    install(site, "fast", [f"package/_fast{SUFFIX}"])
    install(site, "stranger", [f"declares{SUFFIX}"])
    report = imported("package")
    assert [one.name for one in report.distributions] == ["fast", "inner"]
    assert distribution(report, "fast").extensions[0].declares is True
    assert distribution(report, "inner").extensions[0].declares is False
    [finding] = report.findings
    assert "package.inner._speed (inner 1.0) does not declare" in finding.message
    assert "python -m pip install --upgrade inner" in finding.advice
    assert "https://example.org/" in finding.advice
    assert "PYTHON_GIL=0" in finding.advice


def test_installed_are_imported(site):
    install(site, "good", [f"declares{SUFFIX}", f"package/_fast{SUFFIX}"])
    bad = ["crashes", "needs_gil", "crashes_at_once", "declares_in_one_phase"]
    install(site, "bad", [name + SUFFIX for name in bad])
    report = examine(installed=True)
    assert [one.name for one in report.distributions] == ["bad", "good"]
    crashed = [one for one in report.imports if one.outcome == "crashed"]
    assert [one.module for one in crashed] == ["crashes", "crashes_at_once"]
    assert len(report.troubles) == 2
    declared = {
        one.module: one.declares for each in report.distributions for one in each.extensions
    }
    if FREE_THREADED:
        assert declared == {
            "crashes": True,
            # Before it could declare anything.
            "crashes_at_once": None,
            "declares": True,
            "declares_in_one_phase": True,
            "needs_gil": False,
            "package._fast": True,
        }
        # Importing `package._fast` loads that one too.
        undeclared = {one.subject for one in of_code(report, "undeclared")}
        assert undeclared == {"needs_gil", "package.inner._speed"}
    else:
        assert set(declared.values()) == {None}
    assert report.status == 1


@free_threaded
def test_what_was_not_loaded_is_told(site):
    install(site, "good", [f"declares{SUFFIX}"])
    install(site, "bad", [f"needs_gil{SUFFIX}"])
    report = examine()
    [trouble] = report.troubles
    assert trouble.startswith("bad and good have extension modules, which were not loaded.")
    assert "python -m ft_utils doctor --installed" in trouble
    assert (report.findings, report.status) == ([], 2)
    assert "Nothing found, but not all was seen: exit status 2." in report.to_text()
    assert examine(["plain"]).status == 0
    assert examine(installed=True).troubles == []


# Elsewhere than where Python looks


def write_wheel(folder, built, name, **files):
    """Make a wheel of extension modules, each from one that is built."""
    path = folder / f"{name}-1.0-{OWN_TAG}-{OWN_ABI}-linux_x86_64.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for module, source in files.items():
            wheel.write(built / source, module + SUFFIX)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {OWN_TAG}-{OWN_ABI}-linux_x86_64\n"
        )
        names = [one for one in wheel.namelist() if one.endswith(SUFFIX)]
        wheel.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in names))
    return path


def test_target_is_looked_at_alone(site, tmp_path, built):
    install(site, "elsewhere", [f"needs_gil{SUFFIX}"])
    target = tmp_path / "target"
    install(target, "good", [f"declares{SUFFIX}"])
    shutil.copy(built / "declares", target / f"declares{SUFFIX}")
    report = examine(target=target)
    assert [one.name for one in report.distributions] == ["good"]
    assert report.extensions == []
    report = examine(installed=True, target=target)
    [extension] = distribution(report, "good").extensions
    assert extension.file == str(target / f"declares{SUFFIX}")
    assert extension.declares is (True if FREE_THREADED else None)
    assert of_code(report, "undeclared") == []
    assert [one.file for one in report.extensions] == [extension.file]
    # Modules too, before those of the same name elsewhere.
    report = imported("declares", target=target)
    assert [one.file for one in report.extensions] == [extension.file]


def test_target_that_is_not_there(tmp_path, capsys):
    with pytest.raises(FileNotFoundError):
        examine(target=tmp_path / "nowhere")
    assert command.main(["doctor", "--target", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_excluded_is_not_looked_at(site):
    install(site, "good", [f"declares{SUFFIX}"])
    install(site, "Bad.One", [f"needs_gil{SUFFIX}"])
    report = examine(installed=True, exclude=["bad-one"])
    assert [one.name for one in report.distributions] == ["good"]
    assert of_code(report, "undeclared") == report.troubles == []
    report = examine(exclude=["good", "misspelt", "Bad_One"])
    assert report.distributions == []
    assert report.troubles == ["nothing that could be excluded is called misspelt"]
    with pytest.raises(TypeError, match="a list of names, not the string 'good'"):
        examine(exclude="good")


def test_wheel_before_it_is_installed(site, tmp_path, built):
    good = write_wheel(tmp_path, built, "good", declares="declares")
    data = "bad-1.0.data/platlib/needs_gil"
    bad = write_wheel(tmp_path, built, "bad", **{data: "needs_gil"})
    done, report = run_doctor("--wheel", str(good))
    assert [one["name"] for one in report["distributions"]] == ["good"]
    assert report["findings"] == [] or not FREE_THREADED
    done, report = run_doctor("--wheel", str(good), "--wheel", str(bad))
    assert [one["name"] for one in report["distributions"]] == ["bad", "good"]
    if FREE_THREADED:
        undeclared = [one for one in report["findings"] if one["code"] == "undeclared"]
        assert [one["distribution"] for one in undeclared] == ["bad"]
        assert done.returncode == 1
    # What was unpacked is gone.
    assert not Path(report["distributions"][0]["folder"]).exists()


def test_what_is_no_wheel(tmp_path, capsys):
    text = tmp_path / "text.whl"
    text.write_text("not a wheel")
    for file, message in [
        (text, "text.whl is no wheel: File is not a zip file"),
        (tmp_path / "nothing.whl", "nothing.whl"),
        (tmp_path / "source.zip", "source.zip is not called as a wheel"),
    ]:
        assert command.main(["doctor", "--wheel", str(file)]) == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["doctor", "--wheel", str(text), "--target", str(tmp_path)])
    assert "cannot be used together" in capsys.readouterr().err


@free_threaded
def test_nothing_that_could_need_the_gil(site):
    install(site, "pure", ["plain.py"])
    assert (examine().troubles, examine().status) == ([], 0)


def test_findings_are_grouped(site, built):
    shutil.copy(built / "declares", site / "module.abi3.so")
    both = [f"needs_gil{SUFFIX}", f"needs_gil_in_slots{SUFFIX}", "module.abi3.so"]
    install(site, "several", both, [f"{OWN_TAG}-abi3-linux_x86_64"])
    install(site, "inner", [f"package/inner/_speed{SUFFIX}"])
    (site / "many.py").write_text("import needs_gil, package.inner._speed, needs_gil_in_slots")
    report = examine(["many"])
    text = report.to_text()
    blocks = [" ".join(one.split()) for one in text.split("\n\n") if re.match(r"\d+\. ", one)]
    if not FREE_THREADED:
        assert len(blocks) == 1
        return
    several, inner = blocks
    assert "1. needs_gil (several 1.0)" in several
    assert "2. needs_gil_in_slots (several 1.0)" in several
    assert "inner" not in several.replace("package.inner", "")
    assert several.count("pip install --upgrade several") == 1
    assert "package.inner._speed (inner 1.0)" in inner
    assert text.count("PYTHON_GIL=0") == 1
    assert all("PYTHON_GIL=0" in one.advice for one in of_code(report, "undeclared"))
    assert {one.distribution for one in report.findings} == {"several", "inner"}
    numbers = re.findall(r"^(\d+)\. ", text, re.MULTILINE)
    assert numbers == [str(number + 1) for number in range(len(report.findings))]


# Both distributions with this package


@pytest.fixture
def both(tmp_path):
    """A folder into which ft_utils 0.2.0 was installed beside ours."""
    folder = tmp_path / "both"
    source = Path(OURS) / "ft_utils"
    shutil.copytree(source, folder / "ft_utils", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "ft_utils-0.2.0.dist-info").mkdir()
    (folder / "ft_utils_rs-0.1.0.dist-info").mkdir()
    return folder


def run_in(folder, *words):
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        timeout=2 * LONG,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "default"},
    )


def test_both_installed_is_told_at_import(both):
    done = run_in(both, "-c", "from ft_utils.concurrency import AtomicInt64; print(AtomicInt64(7))")
    assert (done.returncode, done.stdout) == (0, "7\n")
    assert "<string>:1: RuntimeWarning: ft_utils 0.2.0 is installed over ft-utils-rs" in done.stderr
    assert "pip uninstall ft_utils ft-utils-rs" in done.stderr
    shutil.rmtree(both / "ft_utils-0.2.0.dist-info")
    assert run_in(both, "-c", "import ft_utils").stderr == ""


@pytest.mark.parametrize("on_top", ["ours", "theirs"])
def test_doctor_finds_that_both_are_installed(both, on_top):
    if on_top == "theirs":
        for name in ("__init__", "concurrency", "local", "synchronization"):
            (both / "ft_utils" / f"{name}.py").write_text("")
    done = run_in(both, "-m", "ft_utils", "doctor", "keyword", "--json")
    assert done.returncode == 1
    finding = json.loads(done.stdout)["findings"][0]
    assert (finding["code"], finding["subject"]) == ("both-installed", "ft_utils")
    assert "ft_utils 0.2.0 and ft-utils-rs" in finding["message"]
    assert "pip uninstall ft_utils ft-utils-rs" in finding["advice"]
    done = run_in(both, "-m", "ft_utils", "--version")
    assert (done.returncode, done.stdout) == (0, f"ft_utils {__version__}\n")


def test_virtual_environment_is_told(monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")
    assert examine(["keyword"]).interpreter.virtual_environment
    monkeypatch.setattr(sys, "base_prefix", "/somewhere/else")
    assert not examine(["keyword"]).interpreter.virtual_environment


def test_examinations_at_once(site):
    outcomes = []

    def work():
        outcomes.append([one.outcome for one in examine(["declares", "raises"]).imports])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [["imported", "raised"]] * 3


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_bad_timeout(timeout):
    with pytest.raises(ValueError, match="timeout"):
        examine([], timeout=timeout)


@pytest.mark.parametrize("name", ["", "a-b", "a..b", ".a", "a b", "-c"])
def test_bad_module_name(name):
    with pytest.raises(ValueError, match="is not the name of a module"):
        examine([name])
    with pytest.raises(SystemExit) as caught:
        command.main(["doctor", name, "--json"])
    assert caught.value.code == 2


def test_string_is_not_taken_for_a_list():
    with pytest.raises(TypeError, match="not the string"):
        examine("numpy")


@free_threaded
def test_import_that_misses_its_extension(built, site):
    shutil.move(site / f"package/_fast{SUFFIX}", site / f"package/_fast{FOREIGN}")
    install(site, "fast", [f"package/_fast{FOREIGN}"], [GIL_TAG])
    install(site, "stranger", [f"module{FOREIGN}"], [GIL_TAG])
    shutil.copy(built / "declares", site / f"module{FOREIGN}")
    report = imported("package")
    assert report.imports[0].outcome == "raised"
    assert [one.name for one in report.distributions] == ["fast"]
    [finding] = report.findings
    assert (finding.code, finding.subject) == ("not-loadable", "fast")


@free_threaded
def test_declaration_that_was_not_read(built, site):
    shutil.copy(built / "declares", site / f"other_name{SUFFIX}")
    install(site, "thing", [f"other_name{SUFFIX}"])
    report = imported("other_name")
    assert "does not define module export function" in report.imports[0].detail
    assert [one.declares for one in report.extensions] == [None]
    assert distribution(report, "thing").extensions[0].declares is None
    assert report.status == 2


def test_examples_of_docstrings():
    tested = doctest.testmod(inspect.getmodule(examine))
    assert tested.attempted >= 3
    assert tested.failed == 0


# The command


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


def test_json_layout(site):
    install(site, "inner", [f"package/inner/_speed{SUFFIX}"])
    done, report = run_doctor("package", "is_not_there")
    assert done.stderr == ""
    assert report["schema"] == doctor.SCHEMA == 1
    assert report["ft_utils"] == __version__
    assert report["status"] == done.returncode == 1
    # Each kind of thing is there, so that its keys are.
    assert all(report[key] for key in ("imports", "extensions", "distributions", "findings"))
    documented = json_keys((Path(__file__).parents[2] / "docs" / "doctor.md").read_text())
    assert keys(report) == documented


def keys(value, prefix=""):
    """Name all keys, those of objects in objects with a dot between."""
    if isinstance(value, list):
        return set().union(*(keys(one, prefix) for one in value))
    if not isinstance(value, dict):
        return set()
    start = f"{prefix}." if prefix else ""
    return {start + key for key in value}.union(
        *(keys(one, start + key) for key, one in value.items())
    )


def json_keys(page):
    """The keys that the documentation has in the first column of its table."""
    table = page.partition("## JSON")[2]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `")]
    return {row.strip("`") for row in rows}


def test_text_for_people(site, capsys):
    install(site, "a_distribution_with_a_rather_long_name", [f"package/inner/_speed{SUFFIX}"])
    status = command.main(["doctor", "package", "raises", "declares"])
    text = capsys.readouterr().out
    assert status == 1
    assert "\x1b" not in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    kind = "free-threaded" if FREE_THREADED else "with the GIL"
    assert lines[0].startswith(f"CPython {sys.version.split()[0]}, {kind} ({OWN_ABI})")
    rows = [line.split() for line in lines]
    if FREE_THREADED:
        assert ["package", "imported", "on", "package.inner._speed"] in rows
        assert ["declares", "imported", "off"] in rows
    assert "- raises: LookupError: on purpose" in lines


@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_fits(site, width):
    install(site, "a_distribution_with_a_rather_long_name", [f"package/inner/_speed{SUFFIX}"])
    text = examine(["package", "raises"]).to_text(width)
    # What is copied and pasted is not broken.
    long = [line for line in text.splitlines() if len(line) > width]
    assert all("://" in line or "/bin/" in line or "`" in line for line in long)


def test_status_of_what_is_well():
    done = run_module("doctor", "keyword")
    assert done.returncode == (0 if FREE_THREADED else 1)
    assert f"exit status {done.returncode}" in done.stdout
    done = run_module("doctor", "keyword", "is_not_there")
    assert done.returncode == (2 if FREE_THREADED else 1)


def test_status_of_what_cannot_be_looked_at(monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/is/not/there")
    assert command.main(["doctor", "keyword"]) == 2
    assert "/is/not/there" in capsys.readouterr().err


def test_interpreter_that_does_not_start(monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert command.main(["doctor", "keyword"]) == 2
    assert "does not start: the process ended with status 1" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["nonsense"], ["doctor", "--timeout", "0"], ["--nonsense"]])
def test_wrong_usage(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(words)
    assert caught.value.code == 2
    assert "usage: python -m ft_utils" in capsys.readouterr().err


def test_help(capsys):
    assert command.main([]) == 0
    text = capsys.readouterr().out
    for word in ("doctor", "--include", "--copy-headers", "--pkgconfigdir", "--version"):
        assert word in text
    with pytest.raises(SystemExit) as caught:
        command.main(["doctor", "--help"])
    assert not caught.value.code
    text = capsys.readouterr().out
    assert "exit status:" in text
    assert max(map(len, text.splitlines())) <= 100


def test_version():
    done = run_module("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ft_utils {__version__}\n", "")


def test_folders(monkeypatch, capsys):
    monkeypatch.setattr(command, "get_include", lambda: "/the/headers")
    monkeypatch.setattr(command, "get_pkgconfig_dir", lambda: "/the/pkgconfig")
    assert command.main(["--include"]) == 0
    assert capsys.readouterr().out == "/the/headers\n"
    assert command.main(["--pkgconfigdir", "--include"]) == 0
    assert capsys.readouterr().out == "/the/headers\n/the/pkgconfig\n"


def test_copies_of_the_headers(tmp_path, capsys):
    folder = tmp_path / "new" / "vendor"
    assert command.main(["--copy-headers", str(folder)]) == 0
    copied = capsys.readouterr().out.splitlines()
    assert str(folder / "ft_compat.h") in copied
    assert sorted(map(Path, copied)) == sorted(one for one in folder.rglob("*") if one.is_file())
    licence = (Path(__file__).parents[1] / "LICENSE").read_text()
    assert (folder / "ft_compat" / "LICENSE").read_text() == licence
    for one in folder.rglob("*.h"):
        text = one.read_text()
        assert "SPDX-License-Identifier: MIT" in text
        # All that one of them includes is there, or is Python's or the compiler's.
        for name in re.findall(r'^ *# *include "(.*)"', text, re.MULTILINE):
            places = (folder / name, one.parent / name)
            assert name == "pythoncapi_compat.h" or any(place.is_file() for place in places), name
    # Again, over those that are there.
    assert command.main(["--copy-headers", str(folder)]) == 0


def test_headers_that_cannot_be_copied(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert command.main(["--copy-headers", str(tmp_path / "file")]) == 2
    assert "error:" in capsys.readouterr().err
