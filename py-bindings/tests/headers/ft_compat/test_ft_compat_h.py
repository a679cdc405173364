"""The C header, through extensions written as a user would write them (``ext/``).

They are built against the installed package, with setuptools and with meson-python, in C and C++.
"""

import importlib.machinery
import importlib.metadata
import importlib.util
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import tomllib
import weakref
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import ft_utils
import pytest
from support import FREE_THREADED, LONG, VERY_LONG, Task, collected, run_python, run_threads

EXT = Path(__file__).parent / "ext"
HEADERS = Path(sysconfig.get_path("include"))
HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")
THREADS = 4

# The extensions' state is one for all threads; and building takes long.
pytestmark = [
    pytest.mark.thread_unsafe,
    pytest.mark.timeout(VERY_LONG),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a compiler called cc"),
]


# ---- Where things are ----


def test_include_holds_the_headers():
    folder = Path(ft_utils.get_include())
    assert folder.is_absolute()
    assert (folder / "ft_compat.h").is_file()
    assert folder.is_relative_to(Path(ft_utils.__file__).parent)


def test_versions_agree():
    header = (Path(ft_utils.get_include()) / "ft_compat.h").read_text()
    pc = (Path(ft_utils.get_pkgconfig_dir()) / "ft_utils.pc").read_text()
    major, minor, patch = map(int, re.findall(r"\d+", ft_utils.__version__)[:3])
    assert f'#define FT_COMPAT_VERSION "{ft_utils.__version__}"' in header
    assert f"#define FT_COMPAT_VERSION_HEX 0x{major << 16 | minor << 8 | patch:06x}\n" in header
    assert f"Version: {ft_utils.__version__}\n" in pc


def test_pkg_config_finds_the_headers():
    found = subprocess.run(
        [str(tool("pkg-config")), "--cflags", "ft_utils"],
        env={**os.environ, "PKG_CONFIG_PATH": ft_utils.get_pkgconfig_dir()},
        capture_output=True,
        text=True,
        check=True,
    )
    (flag,) = found.stdout.split()
    assert flag.startswith("-I")
    assert Path(flag[2:]).samefile(ft_utils.get_include())


def test_entry_point_names_the_pkg_config_folder():
    manifest = tomllib.loads((EXT.parents[1] / "pyproject.toml").read_text())
    (module,) = manifest["project"]["entry-points"]["pkg_config"].values()
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).parent.samefile(ft_utils.get_pkgconfig_dir())


def tool(name: str) -> Path:
    """Find a program, first among those of this environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=path)
    assert found, f"no {name}"
    return Path(found)


# ---- The compilers' opinion ----

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
COMPILERS = [
    (compiler, standard)
    for pair in (("gcc", "g++"), ("clang", "clang++"))
    for compiler, standards in zip(pair, (("c11", "c17"), ("c++17", "c++20")), strict=True)
    for standard in standards
]

# All that is not an atomic operation, which are too many to be compiled so often.
CALLS = """
#include "check_lock.h"
#include "check_reference.h"
#include "check_refcount.h"
PyMethodDef methods[] = {LOCK_METHODS, REFERENCE_METHODS, REFCOUNT_METHODS, {NULL, NULL, 0, NULL}};
PyModuleDef_Slot slots[] = {FT_SLOTS_END_GIL_NOT_USED};
PyModuleDef_Slot old_slots[] = {_PY_NOGIL_MODULE_SLOT {0, NULL}};
"""


def other_header() -> Path | None:
    """Find pythoncapi_compat.h, which mypy brings: here, or in the environment with the tools."""
    places = itertools.chain(
        map(Path, sys.path), Path(sys.prefix).parent.glob("*/lib/python*/site-packages")
    )
    folders = (place / "mypyc" / "lib-rt" for place in places)
    return next((one for one in folders if (one / "pythoncapi_compat.h").is_file()), None)


def compile_alone(
    compiler: str, standard: str, source: str, *words: str, headers: Path = HEADERS
) -> str:
    """Return what the compiler has to say."""
    language = "c++" if "++" in standard else "c"
    done = subprocess.run(
        [compiler, f"-x{language}", f"-std={standard}", *WARNINGS, *words, "-"]
        + [f"-I{ft_utils.get_include()}", f"-I{EXT / 'src'}"]
        # Debian's pyconfig.h is one folder further up.
        + ["-isystem", str(headers), "-isystem", str(headers.parent)],
        input=source,
        capture_output=True,
        text=True,
        timeout=VERY_LONG,
        check=False,
    )
    assert done.returncode == 0 or done.stderr, done
    return done.stderr


ORDERS = {
    "alone": ["ft_compat.h"],
    "first": ["ft_compat.h", "pythoncapi_compat.h"],
    "last": ["pythoncapi_compat.h", "ft_compat.h"],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("compiler, standard", COMPILERS)
def test_compiles_without_warnings(compiler, standard, order):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    words = ["-fsyntax-only"]
    if order != "alone":
        other = other_header()
        if other is None:
            pytest.skip("there is no pythoncapi_compat.h: mypy, which has it, is not installed")
        words += ["-isystem", str(other)]
    source = "".join(f'#include "{name}"\n' for name in ORDERS[order]) + CALLS
    assert compile_alone(compiler, standard, source, *words) == ""


def other_versions() -> list[Path]:
    """Folders with the Python.h of other versions, which the environment may name."""
    return [Path(one) for one in os.environ.get("FT_PYTHON_HEADERS", "").split(os.pathsep) if one]


@pytest.mark.skipif(not other_versions(), reason="FT_PYTHON_HEADERS names no folders")
@pytest.mark.parametrize("compiler, standard", COMPILERS)
def test_compiles_for_other_versions(compiler, standard):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    source = '#include "check_atomic.h"\n' + CALLS.replace("{LOCK", "{ATOMIC_METHODS, LOCK")
    words = ["-fsyntax-only", "-Wno-shadow", "-Wno-conversion"]
    for headers in other_versions():
        minor = re.search(r"PY_MINOR_VERSION\s+(\d+)", (headers / "patchlevel.h").read_text())
        assert minor, headers
        free_threaded = [["-DPy_GIL_DISABLED=1"]] if int(minor[1]) >= 13 else []
        for build in [[], *free_threaded]:
            said = compile_alone(compiler, standard, source, *words, *build, headers=headers)
            assert said == "", headers


def test_limited_api():
    source = '#include "ft_compat.h"\n#include "check_reference.h"\n' + (
        "PyMethodDef methods[] = {REFERENCE_METHODS, {NULL, NULL, 0, NULL}};"
    )
    if not HAS_GIL:
        pytest.skip("this free-threaded build has no limited API")
    for version in ("0x030A0000", "0x030B0000"):
        words = ["-fsyntax-only", f"-DPy_LIMITED_API={version}"]
        assert compile_alone("cc", "c11", source, *words) == ""
        assert compile_alone("c++", "c++17", source, *words) == ""


@pytest.mark.skipif(
    sys.version_info >= (3, 13) or platform.machine() not in ("x86_64", "AMD64"),
    reason="the GIL does not make up for atomic instructions, or they are not those of x86",
)
def test_atomics_cost_nothing_where_the_gil_is_enough():
    uses = """
#include "ft_compat.h"
Py_ssize_t add(Py_ssize_t *p) { return PREFIX_add_ssize(p, 1); }
void *swap(void **p, void *q) { return PREFIX_exchange_ptr(p, q); }
int compare(int *p, int *q) { return PREFIX_compare_exchange_int(p, q, 1); }
void store(int *p) { PREFIX_store_int(p, 1); PREFIX_fence_seq_cst(); }
"""
    atomic = re.compile(r"\b(lock|xchg\w*|[ml]fence)\b")
    words = ["-S", "-O2", "-o-", "-Wno-error"]
    for prefix, found in (("_Py_atomic", False), ("ft_atomic", True)):
        done = subprocess.run(
            ["cc", "-xc", *words, f"-I{ft_utils.get_include()}", f"-I{HEADERS}", "-"],
            input=uses.replace("PREFIX", prefix),
            capture_output=True,
            text=True,
            check=True,
        )
        assert bool(atomic.search(done.stdout)) is found, done.stdout


def test_extensions_use_every_function():
    done = subprocess.run(
        ["cc", "-xc", "-E", "-P", f"-I{ft_utils.get_include()}", f"-I{HEADERS}", "-I.", "-"],
        cwd=EXT / "src",
        input='#include "compat_c.c"\n#include "compat_cxx.cc"',
        capture_output=True,
        text=True,
        check=True,
    )
    head, _, checks = done.stdout.partition("check_atomics(")
    defined = set(re.findall(r"static inline [\w *]*?\*?(\w+)\s*\(", head))
    ours = {name for name in defined if name.startswith("ft_atomic")}
    assert len(ours) > 700
    ours |= {name for name in defined if name.startswith("_Py_atomic")}
    # What CPython's own headers define is not ours to check, and what is for pointers goes through
    # the same in terms of `void *`.
    if sys.version_info >= (3, 13):
        ours = {name for name in ours if name.startswith("ft_atomic")}
    ours = {name for name in ours if "_address" not in name}
    ours |= {name for name in defined if name.startswith("FtCompat_Py")}
    assert {name for name in ours if f"{name}(" not in checks.replace(" (", "(")} == set()


# ---- The extensions ----

BACKENDS = {"setuptools": "setuptools.build_meta", "meson": "mesonpy"}
KINDS = [f"{backend}-{name}" for backend in BACKENDS for name in ("compat_c", "compat_cxx")]


def build(backend: str, folder: Path) -> Path:
    """Do what pip would, without the environment of its own: build a wheel, and unpack it."""
    shutil.copytree(EXT / "src", folder)
    shutil.copytree(EXT / f"with_{backend}", folder, dirs_exist_ok=True)
    (folder / "wheel").mkdir()
    done = subprocess.run(
        [sys.executable, "-c"]
        + [f"import {BACKENDS[backend]} as backend; backend.build_wheel('wheel')"],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PKG_CONFIG_PATH": ft_utils.get_pkgconfig_dir(),
            # A third of the time would go into debugging information, and as much into optimising
            # as far as Python was; Meson does that in the end.
            "CFLAGS": "-g0 -O1",
            "CXXFLAGS": "-g0 -O1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (wheel,) = (folder / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build with each backend, at the same time."""
    if not (HEADERS / "Python.h").is_file():
        pytest.skip(f"{HEADERS} has no Python.h")
    with ThreadPoolExecutor() as pool:
        folders = [tmp_path_factory.mktemp(backend) / "project" for backend in BACKENDS]
        return dict(zip(BACKENDS, pool.map(build, BACKENDS, folders), strict=True))


def load(site: Path, name: str) -> ModuleType:
    (file,) = (one for one in site.iterdir() if one.name.split(".")[0] == name)
    loader = importlib.machinery.ExtensionFileLoader(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def modules(sites: dict[str, Path]) -> dict[str, ModuleType]:
    return {
        f"{backend}-{name}": load(site, name)
        for backend, site in sites.items()
        for name in ("compat_c", "compat_cxx")
    }


@pytest.fixture(params=KINDS)
def module(request: pytest.FixtureRequest, modules: dict[str, ModuleType]) -> Iterator[ModuleType]:
    yield modules[request.param]


def test_module_says_what_it_was_built_for(module):
    about = module.about()
    assert about["free_threaded"] == (not HAS_GIL)
    assert about["version"] == ft_utils.__version__


@pytest.mark.skipif(HAS_GIL, reason="a GIL build")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["compat_c", "compat_cxx", "compat_slot"])
def test_gil_stays_off(sites, backend, name):
    code = f"import sys; sys.path.insert(0, {str(sites[backend])!r})\n"
    code += f"import {name}; print(sys._is_gil_enabled())"
    assert run_python(code) == "False\n"


def test_old_slot(sites):
    for site in sites.values():
        assert load(site, "compat_slot").__name__ == "compat_slot"


# ---- Atomic operations ----


def test_atomics(module):
    module.check_atomics()
    module.check_cpython_atomics()


def test_atomics_among_threads(module):
    rounds = 300
    run_threads(THREADS, lambda index: module.hammer_atomics(index, rounds))
    module.hammered_atomics(THREADS * rounds)


def test_cpython_atomics_among_threads(module):
    rounds = 300
    run_threads(THREADS, lambda index: module.hammer_cpython_atomics(index, rounds))
    module.hammered_cpython_atomics(THREADS * rounds)


def test_spin_locks(module):
    rounds = 2_000
    run_threads(THREADS, lambda _: module.hammer_spin_locks(rounds))
    assert module.hammered_spin_locks() == (THREADS * rounds, THREADS * rounds)


# ---- Locks ----


def test_mutex(module):
    module.mutex_basics()


def test_mutex_among_threads(module):
    rounds = 300
    counts = [module.mutex_count, module.mutex_count_detached]
    run_threads(THREADS, lambda index: counts[index % 2](rounds))
    assert module.take_count() == THREADS * rounds
    assert not module.mutex_is_locked()


def test_mutex_with_a_thread_that_python_does_not_know(module):
    rounds = module.mutex_count_foreign(3_000)
    assert rounds >= 3_000
    assert module.take_count() == rounds


def test_mutex_is_waited_for_detached(module):
    # Whoever waits lets the holder, who needs the interpreter, go on.
    held, let_go = threading.Event(), threading.Event()

    def hold() -> bool:
        held.set()
        assert let_go.wait(LONG)
        return module.mutex_is_locked()

    holder = Task(module.mutex_hold, hold)
    assert held.wait(LONG)
    waiters = [Task(module.mutex_count, 1), Task(module.mutex_count_detached, 1)]
    for waiter in waiters:
        waiter.until_asleep()
        assert not waiter.is_done()
    assert module.take_count() == 0
    let_go.set()
    assert holder.result() is True
    for waiter in waiters:
        waiter.result()
    assert module.take_count() == 2
    assert not module.mutex_is_locked()


def test_unlocking_an_unlocked_mutex_is_fatal(sites):
    site = sites["setuptools"]
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n"
    code += "import compat_c; compat_c.mutex_unlock()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG, check=False
    )
    assert done.returncode < 0
    assert "not locked" in done.stderr


def test_critical_sections(module):
    rounds = 300
    a, b = [], []
    run_threads(THREADS, lambda _: module.section_count(rounds, a, b))
    assert module.take_count() == THREADS * rounds * 5


def test_critical_sections_of_mutexes(module):
    rounds = 300
    run_threads(THREADS, lambda _: module.section_count_mutex(rounds))
    assert module.take_count() == THREADS * rounds * 4
    assert not module.mutex_is_locked()


# ---- References of one's own ----


class Refuses:
    """A key that cannot be compared or hashed without an error."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __hash__(self) -> int:
        raise self.error("no hash")


LOOKUPS = [
    ("PyDict_GetItemRef", {"key": "value"}),
    ("PyDict_GetItemStringRef", {"key": "value"}),
    ("PyMapping_GetOptionalItem", {"key": "value"}),
    ("PyMapping_GetOptionalItemString", {"key": "value"}),
    ("PyObject_GetOptionalAttr", type("Has", (), {"key": "value"})),
    ("PyObject_GetOptionalAttrString", type("Has", (), {"key": "value"})),
]


@pytest.mark.parametrize("name, holder", LOOKUPS)
def test_lookups(module, name, holder):
    lookup = getattr(module, name)
    value = holder["key"] if isinstance(holder, dict) else holder.key
    before = sys.getrefcount(value)
    assert lookup(holder, "key") == (1, "value")
    assert sys.getrefcount(value) == before
    assert lookup(holder, "absent") == (0, ...)


def test_lookups_keep_errors(module):
    with pytest.raises(TypeError, match="unhashable"):
        module.PyDict_GetItemRef({}, [])
    with pytest.raises(KeyError, match="no hash"):
        module.PyDict_GetItemRef({}, Refuses(KeyError))
    with pytest.raises(SystemError):
        module.PyDict_GetItemRef([], "key")
    with pytest.raises(SystemError):
        module.PyDict_GetItemStringRef([], "key")
    with pytest.raises(TypeError):
        module.PyMapping_GetOptionalItem(1, "key")
    with pytest.raises(ZeroDivisionError):
        module.PyObject_GetOptionalAttrString(
            type("Has", (), {"key": property(lambda self: 1 / 0)})(), "key"
        )


def test_lookup_while_an_exception_is_set(module):
    assert module.lookup_with_exception_set({"key": 1}, "key") == (1, 1)
    assert module.lookup_with_exception_set({"key": 1}, "absent") == (0, ...)


@pytest.mark.parametrize(
    "name, holder",
    [
        ("PyDict_ContainsString", {"key": 1}),
        ("PyMapping_HasKeyWithError", {"key": 1}),
        ("PyMapping_HasKeyStringWithError", {"key": 1}),
        ("PyObject_HasAttrWithError", type("Has", (), {"key": 1})),
        ("PyObject_HasAttrStringWithError", type("Has", (), {"key": 1})),
    ],
)
def test_presence(module, name, holder):
    present = getattr(module, name)
    assert present(holder, "key") == (1, ...)
    assert present(holder, "absent") == (0, ...)


def test_presence_keeps_errors(module):
    with pytest.raises(TypeError, match="unhashable"):
        module.PyMapping_HasKeyWithError({}, [])
    with pytest.raises(ZeroDivisionError):
        module.PyObject_HasAttrWithError(
            type("Has", (), {"key": property(lambda self: 1 / 0)})(), "key"
        )


@pytest.mark.parametrize("name", ["PyDict_Pop", "PyDict_PopString"])
def test_pop(module, name):
    pop = getattr(module, name)
    value = ["value"]
    items = {"key": value}
    before = sys.getrefcount(value)
    assert pop(items, "key") == (1, ["value"])
    assert items == {} and sys.getrefcount(value) == before - 1
    assert pop(items, "key") == (0, ...)
    with pytest.raises(SystemError):
        pop([], "key")


def test_pop_keeps_errors(module):
    with pytest.raises(TypeError, match="unhashable"):
        module.PyDict_Pop({1: 1}, [])
    with pytest.raises(KeyError, match="no hash"):
        module.PyDict_Pop({1: 1}, Refuses(KeyError))


def test_pop_is_that_of_dict(module):
    class Mine(dict):
        def pop(self, *_):
            raise AssertionError

    assert module.PyDict_Pop(Mine(key=1), "key") == (1, 1)


def test_set_default(module):
    items: dict = {}
    value = ["value"]
    assert module.PyDict_SetDefaultRef(items, "key", value) == (0, value)
    assert items["key"] is value
    assert module.PyDict_SetDefaultRef(items, "key", []) == (1, value)
    with pytest.raises(TypeError, match="unhashable"):
        module.PyDict_SetDefaultRef(items, [], 1)
    with pytest.raises(SystemError):
        module.PyDict_SetDefaultRef([], "key", 1)


def test_results_may_be_left_out(module):
    items: dict = {}
    module.without_result(items)
    assert items == {}


def test_lists(module):
    items = ["a", "b"]
    assert module.PyList_GetItemRef(items, 1) == "b"
    for index in (2, -1):
        with pytest.raises(IndexError):
            module.PyList_GetItemRef(items, index)
    with pytest.raises(TypeError):
        module.PyList_GetItemRef((1,), 0)
    assert module.PyList_Extend(items, iter("cd")) == (0, ...)
    assert items == ["a", "b", "c", "d"]
    with pytest.raises(TypeError):
        module.PyList_Extend(items, 1)
    assert module.PyList_Clear(items) == (0, ...)
    assert items == []
    with pytest.raises(SystemError):
        module.PyList_Clear(())


def test_weak_references(module):
    class Referent:
        pass

    it = Referent()
    reference = weakref.ref(it)
    assert module.PyWeakref_GetRef(reference) == (1, it)
    del it
    assert collected(reference)
    assert module.PyWeakref_GetRef(reference) == (0, ...)
    with pytest.raises(TypeError):
        module.PyWeakref_GetRef(1)


def test_iterators(module):
    def generate():
        yield 1
        raise ZeroDivisionError

    iterator = generate()
    assert module.PyIter_NextItem(iterator) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        module.PyIter_NextItem(iterator)
    assert module.PyIter_NextItem(iterator) == (0, ...)
    with pytest.raises(TypeError):
        module.PyIter_NextItem([1])


def test_modules_and_frames(module):
    assert module.PyImport_AddModuleRef("sys") is sys
    builtins, globals_, locals_ = module.frame()
    assert builtins["len"] is len
    assert globals_ is globals()
    assert locals_["module"] is module
    it = object()
    assert module.new_references(it) == (it, it)


def test_dictionaries_among_threads(module):
    # Each thread takes what another has put there; whatever is taken was taken once.
    items: dict = {}
    keys = range(50)

    def work(index: int) -> list:
        taken = []
        for turn in range(20):
            for key in keys:
                module.PyDict_SetDefaultRef(items, key, [index, turn])
                found, value = module.PyDict_GetItemRef(items, key)
                assert found == 0 or len(value) == 2
                found, value = module.PyDict_Pop(items, key)
                if found:
                    taken.append(id(value))
                    kept.append(value)
        return taken

    kept: list = []
    taken = list(itertools.chain.from_iterable(run_threads(THREADS, work)))
    assert len(set(taken)) == len(taken) > 0
    assert items == {}


# ---- Reference counts ----


def test_references_from_nothing(module):
    module.take_reference([])
    module.take_immortal()
    kind = module.make_type()
    first = module.get_cached(kind)
    assert module.get_cached(kind) is first
    assert module.is_cached()
    del first
    assert not module.is_cached()


def test_references_from_nothing_in_another_thread(module):
    # The list is this thread's own: on a free-threaded build no other thread counts for it yet.
    items: list = []
    module.remember(items, False)
    assert Task(module.recall).result() is (None if FREE_THREADED else items)
    module.remember(items, True)
    before = sys.getrefcount(items)
    assert Task(module.recall).result() is items
    assert sys.getrefcount(items) == before


def test_references_from_nothing_among_threads(module):
    kind = module.make_type()

    def work(_: int) -> int:
        same = 0
        for _ in range(2_000):
            one = module.get_cached(kind)
            same += one is module.get_cached(kind)
        return same

    # While a thread has the object, no other can have put a new one there.
    assert run_threads(THREADS, work) == [2_000] * THREADS
    assert not module.is_cached()


def test_uniqueness(module):
    module.uniqueness()
    assert not module.is_temporary(sys)


def test_deferred_reference_counting(module):
    items: list = []
    done = module.defer(items)
    assert done is (FREE_THREADED and sys.version_info >= (3, 14))
    items.append(items)
