"""Native destructors at the end of threads: the module, the header, the documentation."""

import _thread
import ctypes
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import ft_utils
import ft_utils._weave as native
import pytest
from ft_utils import weave
from support import VERY_LONG, Task, run_python, wait_until, without_address

HERE = Path(__file__).parent
SOURCES = HERE / "weave"
INCLUDE = Path(ft_utils.__file__).parent / "include"
DOCS = HERE.parents[1] / "docs" / "weave.md"

# Compilers take their time where other tests run.
pytestmark = pytest.mark.timeout(VERY_LONG)

# Before, a thread that is joined may still be ending.
JOIN_IS_THE_END = sys.version_info >= (3, 13)

FUNCTIONS = sorted(weave.__all__)

C, CPP = shutil.which("cc"), shutil.which("c++")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
needs_compiler = pytest.mark.skipif(
    os.name != "posix" or not C or not CPP, reason="no C compiler that takes a Unix command line"
)


# Building


def compile_with(compiler: str | None, *words: object) -> None:
    """Compile with the headers of Python, about whose warnings nobody cares, and with ours."""
    python = sysconfig.get_paths()["include"]
    command = [compiler, *STRICT, "-I", INCLUDE, "-isystem", python, *words]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=VERY_LONG,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stderr}"


def shared(compiler: str | None, source: Path, out: Path, *words: str) -> Path:
    """Compile a shared library or an extension module."""
    undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    compile_with(
        compiler, "-O1", "-fPIC", "-shared", "-pthread", *undefined, *words, source, "-o", out
    )
    return out


def code_blocks(language: str) -> list[str]:
    """Return the examples of the documentation."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCS.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Everything compiled, at the same time, by name."""
    folder = tmp_path_factory.mktemp("weave")
    (folder / "in_c.c").write_text(code_blocks("c")[0])
    (folder / "in_cpp.cpp").write_text(code_blocks("cpp")[0])
    extension = SOURCES / "extension.c"
    jobs = {
        "plain": (C, SOURCES / "plain.c", "-std=c11"),
        "weave_c": (C, extension, "-std=c11", "-DNAME=weave_c"),
        "weave_cpp": (CPP, "-xc++", extension, "-std=c++17", "-DNAME=weave_cpp"),
        "weave_other": (
            C,
            extension,
            "-std=c11",
            "-DNAME=weave_other",
            '-DFT_WEAVE_PACKAGE="other_utils"',
        ),
        "in_c": (C, folder / "in_c.c", "-std=c11"),
        "in_cpp": (CPP, folder / "in_cpp.cpp", "-std=c++17"),
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        made = {
            name: pool.submit(shared, words[0], words[1], folder / (name + suffix), *words[2:])
            for name, words in jobs.items()
        }
        return {name: job.result() for name, job in made.items()}


def load(path: Path) -> ModuleType:
    """Import an extension module."""
    name = path.name.partition(".")[0]
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, str(path)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# A library that knows nothing of Python


class Plain:
    """The library `plain.c`: variables, destructors, and the logs that these write to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.library = library = ctypes.CDLL(str(path))
        library.plain_new_log.restype = ctypes.c_void_p
        library.plain_address.restype = ctypes.c_void_p
        library.plain_set.argtypes = [ctypes.c_int, ctypes.c_ssize_t]
        for name in "plain_use", "plain_set_api", "plain_thread":
            getattr(library, name).argtypes = [ctypes.c_void_p]
        library.plain_read.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self.set = library.plain_set
        self.address = library.plain_address
        names = "write", "write_ten", "print", "register_again", "unregister"
        self.destructor = {
            name: ctypes.cast(getattr(library, f"plain_{name}"), ctypes.c_void_p).value
            for name in names
        }
        library.plain_set_api(table())

    def new_log(self) -> int:
        return self.library.plain_new_log()

    def read(self, log: int) -> list[int]:
        lines = (ctypes.c_long * 8192)()
        count = self.library.plain_read(log, lines)
        return lines[:count]

    def register(self, which: int, destructor: str = "write") -> None:
        native.register_native_destructor(self.address(which), self.destructor[destructor])

    def unregister(self, which: int) -> bool:
        return native.unregister_native_destructor(self.address(which))

    def lines_of(
        self,
        body: Callable[[], object],
        start: Callable[..., object] | None = None,
        more: int = 0,
    ) -> list[int]:
        """Run body in a thread, and return what the destructors wrote that it registered.

        The last thing that is registered writes -1; so many lines more follow in later rounds.
        """
        log = self.new_log()
        errors: list[BaseException] = []

        def run() -> None:
            self.library.plain_use(log)
            try:
                body()
            except AssertionError as error:
                errors.append(error)
            finally:
                self.set(2, -1)
                self.register(2)
                if self.read(log):
                    errors.append(AssertionError("called too early"))

        def is_done() -> bool:
            return -1 in self.read(log)[: -more or None]

        if start is None:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        else:
            start(run, ())
        if start is not None or not JOIN_IS_THE_END:
            wait_until(is_done)
        if errors:
            raise errors[0]
        return self.read(log)


def table() -> int:
    """The address in the capsule."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype = ctypes.c_void_p
    get.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return get(native.C_API, b"ft_utils._weave.C_API")


@pytest.fixture(scope="session")
def plain(built: dict[str, Path]) -> Plain:
    return Plain(built["plain"])


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", True)
    yield


# The functions


def test_names():
    assert weave.__doc__ and native.__doc__
    assert set(native.__all__) == {*weave.__all__, "C_API"}
    for name in FUNCTIONS:
        assert inspect.getdoc(getattr(weave, name))
        assert inspect.getdoc(getattr(native, name))
        assert inspect.signature(getattr(native, name)) is not None
        assert name not in ft_utils.__all__


BAD_COUNTS: list[tuple[str, tuple]] = [
    ("register_native_destructor", ()),
    ("register_native_destructor", (0,)),
    ("register_native_destructor", (0, 0, 0)),
    ("unregister_native_destructor", ()),
    ("unregister_native_destructor", (0, 0)),
    ("registered_native_destructors", (0,)),
    ("run_native_destructors", (0,)),
]


@pytest.mark.parametrize("name, arguments", BAD_COUNTS)
def test_wrong_number_of_arguments(name, arguments):
    with pytest.raises(TypeError, match=name):
        getattr(native, name)(*arguments)
    # The same with the gate closed, as it is.
    with pytest.raises(TypeError, match=name):
        getattr(weave, name)(*arguments)


def test_native_functions_are_positional():
    with pytest.raises(TypeError):
        native.register_native_destructor(var=0, destructor=0)
    with pytest.raises(TypeError):
        native.register_native_destructor(0, destructor=0)
    with pytest.raises(TypeError):
        native.unregister_native_destructor(var=0)


class Index:
    def __index__(self) -> int:
        return 0


@pytest.mark.parametrize("bad", ["0", 0.0, None, b"", Index()], ids=without_address)
def test_addresses_are_ints(bad):
    for call in (
        lambda: native.register_native_destructor(bad, 0),
        lambda: native.register_native_destructor(0, bad),
        lambda: native.unregister_native_destructor(bad),
    ):
        with pytest.raises(TypeError, match="an address is an int, not .*" + type(bad).__name__):
            call()
    assert native.registered_native_destructors() == []


@pytest.mark.parametrize("bad", [2**64, -(2**63) - 1, 10**40, -(10**40)])
def test_addresses_fit_in_a_pointer(bad):
    for call in (
        lambda: native.register_native_destructor(bad, 0),
        lambda: native.register_native_destructor(0, bad),
        lambda: native.unregister_native_destructor(bad),
    ):
        with pytest.raises(OverflowError, match="an address is an int from"):
            call()
    assert native.registered_native_destructors() == []


# Any number is accepted. Only the thread's end would tell.
@pytest.mark.parametrize(
    "address, same",
    [
        (0, 0),
        (False, 0),
        (True, 1),
        (1, 1),
        (-1, 2**64 - 1),
        (-(2**63), 2**63),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_addresses(address, same):
    native.register_native_destructor(address, 0)
    assert native.registered_native_destructors() == [(same, 0)]
    assert native.unregister_native_destructor(same) is True
    native.register_native_destructor(same, address)
    assert native.registered_native_destructors() == [(same, same)]
    assert native.unregister_native_destructor(address) is True
    assert native.unregister_native_destructor(address) is False


# The gate


@pytest.mark.parametrize("flag", [False, 0, None, ""])
@pytest.mark.thread_unsafe(reason="sets the flag")
def test_closed(monkeypatch, flag):
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", flag)
    for call in (
        lambda: weave.register_native_destructor(8, 0),
        lambda: weave.unregister_native_destructor(8),
        weave.registered_native_destructors,
        weave.run_native_destructors,
    ):
        with pytest.raises(RuntimeError, match="ENABLE_EXPERIMENTAL"):
            call()
    assert native.registered_native_destructors() == []


@pytest.mark.parametrize("flag", [True, 1, "yes"])
@pytest.mark.thread_unsafe(reason="sets the flag")
def test_open(monkeypatch, flag):
    functions = {name: getattr(weave, name) for name in FUNCTIONS}
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", flag)
    for _ in range(2):
        assert weave.register_native_destructor(8, 0) is None
        assert weave.unregister_native_destructor(8) is True
        assert weave.register_native_destructor(var=8, destructor=0) is None
        assert weave.registered_native_destructors() == [(8, 0)]
        assert weave.unregister_native_destructor(var=8) is True
        assert weave.run_native_destructors() == 0
        # They are what they were, for those who have imported them.
        assert functions == {name: getattr(weave, name) for name in FUNCTIONS}
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", False)
    for function in functions.values():
        with pytest.raises((RuntimeError, TypeError)):
            function()
    with pytest.raises(RuntimeError):
        weave.register_native_destructor(8, 0)


# What happens at the end of a thread


@needs_compiler
class TestEnds:
    def test_value_at_the_end(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.register(0)
            plain.set(0, 2)

        assert plain.lines_of(body) == [2, -1]

    def test_null_is_passed_on(self, plain):
        assert plain.lines_of(lambda: plain.register(0)) == [0, -1]

    def test_no_variable_and_no_destructor(self, plain):
        def body() -> None:
            native.register_native_destructor(0, plain.destructor["write"])
            native.register_native_destructor(plain.address(0), 0)

        assert plain.lines_of(body) == [-1]

    def test_order_and_multiplicity(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.set(1, 2)
            plain.register(1, "write_ten")
            plain.register(0)
            plain.register(1)
            plain.register(0)
            plain.register(0, "write_ten")
            plain.register(0)

        assert plain.lines_of(body) == [20, 1, 2, 1, 10, 1, -1]

    def test_unregistering(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.set(1, 2)
            assert plain.unregister(0) is False
            plain.register(0)
            plain.register(1)
            plain.register(0, "write_ten")
            plain.register(1, "write_ten")
            assert plain.unregister(0) is True
            assert plain.unregister(0) is False
            plain.register(0)

        assert plain.lines_of(body) == [2, 20, 1, -1]

    def test_lists_belong_to_threads(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.register(0)
            address = plain.address(0)

            def other() -> None:
                assert native.registered_native_destructors() == []
                assert native.unregister_native_destructor(address) is False
                plain.set(0, 3)
                plain.register(0)

            assert plain.lines_of(other) == [3, -1]

        assert plain.lines_of(body) == [1, -1]

    def test_listed_in_order(self, plain):
        def body() -> None:
            plain.register(1)
            plain.register(0, "write_ten")
            expected = [
                (plain.address(1), plain.destructor["write"]),
                (plain.address(0), plain.destructor["write_ten"]),
            ]
            assert native.registered_native_destructors() == expected

        assert plain.lines_of(body) == [0, 0, -1]

    def test_registering_in_a_destructor(self, plain):
        def body() -> None:
            plain.set(0, 5)
            plain.register(0, "register_again")

        assert plain.lines_of(body, more=3) == [5, -1, 5, 5, 5]

    def test_unregistering_in_a_destructor(self, plain):
        def body() -> None:
            plain.set(1, 4)
            plain.register(0, "unregister")
            plain.register(1)

        # None of the list, which goes on; then two of three; and the third in the next round.
        assert plain.lines_of(body, more=1) == [100, 102, 4, -1, -1]

    def test_run_now(self, plain):
        def body() -> None:
            log = plain.new_log()
            plain.library.plain_use(log)
            plain.set(0, 6)
            plain.register(0, "register_again")
            plain.register(0, "write_ten")
            assert native.run_native_destructors() == 5
            assert plain.read(log) == [6, 60, 6, 6, 6]
            # What the last round has registered is still there.
            assert plain.unregister(0) is True
            assert native.run_native_destructors() == 0

        Task(body).result()

    @pytest.mark.thread_unsafe(reason="replaces a hook")
    def test_threads_that_fail(self, plain, monkeypatch):
        failed = []
        monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_type))

        def body(error: type[BaseException]) -> None:
            plain.set(0, 1)
            plain.register(0)
            raise error

        assert plain.lines_of(lambda: body(KeyError)) == [1, -1]
        assert plain.lines_of(lambda: body(SystemExit)) == [1, -1]
        assert failed[:1] == [KeyError]

    @pytest.mark.thread_unsafe(reason="replaces a hook")
    def test_low_level_threads(self, plain, monkeypatch):
        failed = []
        monkeypatch.setattr(sys, "unraisablehook", lambda args: failed.append(args.exc_type))

        def body(error: type[BaseException] | None = None) -> None:
            plain.set(0, 1)
            plain.register(0)
            if error:
                raise error

        start = _thread.start_new_thread
        assert plain.lines_of(body, start) == [1, -1]
        assert plain.lines_of(lambda: body(SystemExit), start) == [1, -1]
        assert plain.lines_of(lambda: body(KeyError), start) == [1, -1]
        assert failed == [KeyError]

    def test_threads_that_python_never_sees(self, plain):
        log = plain.new_log()
        assert plain.library.plain_thread(log) == 0
        assert plain.read(log) == [7]

    @pytest.mark.thread_unsafe(reason="starts 2000 threads")
    def test_one_after_the_other(self, plain):
        log = plain.new_log()

        def work(number: int) -> None:
            plain.library.plain_use(log)
            plain.set(0, number)
            plain.register(0)

        for number in range(2000):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            thread.join()
            if JOIN_IS_THE_END:
                assert plain.library.plain_read(log, (ctypes.c_long * 8192)()) == number + 1
        wait_until(lambda: len(plain.read(log)) == 2000)
        lines = plain.read(log)
        assert (lines if JOIN_IS_THE_END else sorted(lines)) == list(range(2000))

    @pytest.mark.thread_unsafe(reason="starts 2000 threads")
    def test_four_at_a_time(self, plain):
        log = plain.new_log()

        def work(number: int) -> None:
            plain.library.plain_use(log)
            plain.set(0, number)
            plain.register(0)
            plain.register(1)
            assert plain.unregister(1)
            plain.register(0)

        for number in range(0, 2000, 4):
            threads = [threading.Thread(target=work, args=(number + n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if JOIN_IS_THE_END:
                lines = plain.read(log)[2 * number :]
                assert sorted(lines) == sorted(2 * list(range(number, number + 4)))
        wait_until(lambda: len(plain.read(log)) == 4000)
        assert sorted(plain.read(log)) == sorted(2 * list(range(2000)))


# The life of a process


def head(plain: Plain) -> str:
    return f"""
import atexit, ctypes, os, sys, threading
import ft_utils._weave as native
library = ctypes.CDLL({str(plain.path)!r})
library.plain_address.restype = ctypes.c_void_p
library.plain_set.argtypes = [ctypes.c_int, ctypes.c_ssize_t]
destructor = ctypes.cast(library.plain_print, ctypes.c_void_p).value
def register(which, value):
    library.plain_set(which, value)
    native.register_native_destructor(library.plain_address(which), destructor)
def until_alone():
    while not {JOIN_IS_THE_END} and len(os.listdir("/proc/self/task")) > 1:
        pass
"""


needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork") or not (JOIN_IS_THE_END or sys.platform == "linux"),
    reason="no fork, or no way to see the end of a thread",
)


@needs_compiler
@pytest.mark.thread_unsafe(reason="starts processes")
class TestProcesses:
    def test_main_thread(self, plain):
        assert run_python(f"{head(plain)}\nregister(0, 1)") == ""

    def test_main_thread_that_asks(self, plain):
        out = run_python(
            f"""{head(plain)}
register(0, 1)
register(1, 2)
atexit.register(native.run_native_destructors)
"""
        )
        assert out == "1\n2\n"

    def test_daemon_threads(self, plain):
        out = run_python(
            f"""{head(plain)}
ready = threading.Event()
def work():
    register(0, 1)
    ready.set()
    library.pause()
threading.Thread(target=work, daemon=True).start()
ready.wait()
"""
        )
        assert out == ""

    @needs_fork
    def test_fork_of_the_main_thread(self, plain):
        out = run_python(
            f"""{head(plain)}
import warnings
warnings.simplefilter("ignore")
register(0, 1)
stop = threading.Event()
def other():
    register(0, 5)
    ready.set()
    stop.wait()
ready = threading.Event()
parents = threading.Thread(target=other)
parents.start()
ready.wait()
pid = os.fork()
if pid == 0:
    # What the thread has that forked, and nothing of the other's.
    assert native.run_native_destructors() == 1
    thread = threading.Thread(target=register, args=(0, 2))
    thread.start()
    thread.join()
    register(0, 3)
    until_alone()
    os._exit(0)
_, status = os.waitpid(pid, 0)
assert status == 0, status
stop.set()
parents.join()
until_alone()
"""
        )
        assert out == "1\n2\n5\n"

    @needs_fork
    def test_fork_of_another_thread(self, plain):
        out = run_python(
            f"""{head(plain)}
import warnings
warnings.simplefilter("ignore")
def work():
    register(0, 1)
    pid = os.fork()
    if pid == 0:
        register(1, 2)
        return
    _, status = os.waitpid(pid, 0)
    assert status == 0, status
    register(1, 3)
thread = threading.Thread(target=work)
thread.start()
thread.join()
until_alone()
"""
        )
        assert out == "1\n2\n1\n3\n"

    def test_one_registry(self):
        out = run_python(
            """
import sys
import ft_utils._weave as first
first.register_native_destructor(8, 0)
for name in [name for name in sys.modules if name.startswith("ft_utils")]:
    if name.endswith(("weave", "_native")):
        del sys.modules[name]
import importlib
second = importlib.import_module("ft_utils._weave")
assert second is not first
assert second.register_native_destructor is not first.register_native_destructor
assert second.registered_native_destructors() == [(8, 0)]
assert second.unregister_native_destructor(8) is True
assert first.unregister_native_destructor(8) is False
print("done")
"""
        )
        assert out == "done\n"

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="no interpreter of its own GIL")
    def test_subinterpreter(self):
        out = run_python(
            """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
id = interpreters.create()
code = '''
try:
    import ft_utils._weave
except ImportError as error:
    assert "interpreter" in str(error), error
else:
    raise AssertionError
'''
failed = interpreters.run_string(id, code)
assert failed is None, failed
interpreters.destroy(id)
print("done")
"""
        )
        assert out == "done\n"


# The header


@pytest.fixture(scope="session", params=["weave_c", "weave_cpp"])
def extension(request: pytest.FixtureRequest, built: dict[str, Path]) -> ModuleType:
    return load(built[request.param])


COMPILERS = [(C, CPP), (shutil.which("clang"), shutil.which("clang++"))]
STANDARDS = [
    (compiler, standard)
    for c, cpp in COMPILERS
    for compiler, standards in [(c, ["c11", "c17", "gnu11"]), (cpp, ["c++17", "c++20"])]
    for standard in standards
    if compiler
]


@needs_compiler
class TestHeader:
    @pytest.mark.thread_unsafe(reason="compiles")
    def test_warnings(self, tmp_path):
        """Any part of it can be used, or none, alone and before or after Python.h."""
        use = "void *use(void);\nvoid *use(void) {{ return (void *)(uintptr_t){}; }}\n"
        include = "#include <ft_weave.h>\n"
        texts = [
            include,
            include + include + "#include <Python.h>\n" + use.format("ft_weave_import"),
            include + use.format("_py_register_wvls_destructor"),
            "#define FT_WEAVE_STANDALONE\n" + include + use.format("wvls_get_value"),
        ]
        jobs = []
        for number, text in enumerate(texts):
            for compiler, standard in STANDARDS:
                source = tmp_path / f"{number}{'.cpp' if '++' in standard else '.c'}"
                source.write_text(text)
                jobs.append((compiler, f"-std={standard}", "-c", source, "-o", os.devnull))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda words: compile_with(*words), jobs))

    @pytest.mark.thread_unsafe(reason="compiles")
    def test_signatures(self, tmp_path):
        """They are those of ft_utils 0.2.0."""
        text = """
#include <ft_weave.h>
#ifndef FT_WEAVE_STANDALONE
int (*a)(void **, wvls_destructor_t) = _py_register_wvls_destructor;
int (*b)(void **, int *) = _py_unregister_wvls_destructor;
void (*c)(void) = _py_check_init_interpreter;
PyObject *(*d)(const char *, const char *) = _py_get_function;
#endif
int (*e)(wvls_key_t *, wvls_destructor_t) = wvls_key_create;
int (*f)(wvls_key_t) = wvls_key_delete;
int (*g)(wvls_key_t, void *) = wvls_set_value;
void *(*h)(wvls_key_t) = wvls_get_value;
void (*i)(void **, wvls_destructor_t) = register_wvls_destructor;
int (*j)(void **) = unregister_wvls_destructor;
pthread_key_t k;
wvls_key_t *l = &k;
void (*m)(void *) = (wvls_destructor_t)0;
weave_local void *n;
static weave_local void *o;
void **p(void);
void **p(void) { return n ? &n : &o; }
"""
        for compiler, suffix in [(C, ".c"), (CPP, ".cpp")]:
            for define in [], ["-DFT_WEAVE_STANDALONE"]:
                source = tmp_path / f"signatures{suffix}"
                source.write_text(text)
                compile_with(compiler, *define, "-c", source, "-o", os.devnull)

    def test_all_functions(self, plain, extension):
        log = plain.new_log()
        thread = threading.Thread(target=lambda: done.append(extension.use_all(log)))
        done: list[None] = []
        thread.start()
        thread.join()
        assert done == [None]
        wait_until(lambda: len(plain.read(log)) >= 5)
        # In the middle, by `ft_weave_run_now`; the last two at the end of the thread.
        assert plain.read(log) == [42, 50, 5, 1, 6]

    def test_closed(self, plain, extension):
        with pytest.raises(RuntimeError, match="ENABLE_EXPERIMENTAL"):
            extension.py_register(plain.new_log())
        with pytest.raises(RuntimeError, match="ENABLE_EXPERIMENTAL"):
            extension.py_unregister()

    @pytest.mark.thread_unsafe(reason="sets the flag")
    def test_through_python(self, plain, extension, opened):
        def body() -> None:
            results.append(extension.py_unregister())
            results.append(extension.py_register(log))
            results.append(extension.py_register(log))
            results.append(extension.py_unregister())
            results.append(extension.py_register(log))

        log = plain.new_log()
        results: list[object] = []
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        assert results == [0, None, None, 1, None]
        wait_until(lambda: plain.read(log))
        assert plain.read(log) == [3]

    def test_threads_never_attached(self, plain, extension):
        log = plain.new_log()
        extension.thread_never_attached(log)
        assert plain.read(log) == [13]

    @pytest.mark.thread_unsafe(reason="sets the flag")
    def test_threads_attached_by_others(self, plain, extension, opened):
        log = plain.new_log()
        extension.thread_attached(log)
        assert plain.read(log) == [11]
        log = plain.new_log()
        extension.thread_attached_by_the_header(log)
        # Registered, taken back, one it was, registered again.
        assert plain.read(log) == [0, 0, 1, 0, 12]

    @pytest.mark.thread_unsafe(reason="replaces a hook")
    def test_errors_of_threads_attached_by_the_header(self, plain, extension, monkeypatch):
        errors = []
        monkeypatch.setattr(sys, "unraisablehook", lambda args: errors.append(args.exc_type))
        log = plain.new_log()
        extension.thread_attached_by_the_header(log)
        assert plain.read(log) == [1, 1, 77, 1]
        assert errors == [RuntimeError] * 3

    @pytest.mark.thread_unsafe(reason="has modules of its own")
    def test_another_package(self, plain, built, monkeypatch):
        """A module compiled for another package takes that, if its version is the right one."""

        def package(capsule: object) -> None:
            module = ModuleType("other_utils._weave")
            module.C_API = capsule
            monkeypatch.setitem(sys.modules, "other_utils", ModuleType("other_utils"))
            monkeypatch.setitem(sys.modules, "other_utils._weave", module)

        new = ctypes.pythonapi.PyCapsule_New
        new.restype = ctypes.py_object
        new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        name = ctypes.create_string_buffer(b"ft_utils._weave.C_API")
        wrong = ctypes.create_string_buffer(b"something else")

        with pytest.raises(ModuleNotFoundError, match="other_utils"):
            load(built["weave_other"])
        for numbers, message in [([2, 88], "version 2"), ([1, 16], "16 bytes")]:
            other = (ctypes.c_uint32 * 2)(*numbers)
            package(new(ctypes.addressof(other), name, None))
            with pytest.raises(ImportError, match=message):
                load(built["weave_other"])
        package(new(table(), wrong, None))
        with pytest.raises(ValueError, match="PyCapsule"):
            load(built["weave_other"])
        package(native.C_API)
        module = load(built["weave_other"])

        calls: list[tuple[int, ...]] = []
        front = ModuleType("other_utils.weave")
        front.register_native_destructor = lambda var, destructor: calls.append((var, destructor))
        front.unregister_native_destructor = lambda var: calls.append((var,)) or var > 0
        monkeypatch.setitem(sys.modules, "other_utils.weave", front)
        module.py_register(plain.new_log())
        assert module.py_unregister() == 1
        (var, destructor), (same,) = calls
        assert var == same > 0 and destructor > 0

    def test_examples(self, built):
        in_c, in_cpp = load(built["in_c"]), load(built["in_cpp"])

        def work() -> None:
            results.append(in_c.reverse(b"abc"))
            results.append(in_c.reverse(b"xyz"))
            results.append([in_cpp.count(word) for word in ("a", "b", "a")])
            # Each has registered its variable, once.
            results.append(len(native.registered_native_destructors()))

        for _ in range(3):
            results: list[object] = []
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            assert results == [b"cba", b"zyx", [1, 1, 2], 2]
        with pytest.raises(ValueError, match="too many"):
            in_c.reverse(bytes(4097))

    @pytest.mark.thread_unsafe(reason="starts a process")
    @pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="a GIL build")
    def test_gil_stays_off(self, built):
        code = "import sys\n"
        for name in ("weave_c", "weave_cpp", "in_c", "in_cpp"):
            code += f"sys.path.insert(0, {str(built[name].parent)!r}); import {name}\n"
        assert run_python(code + "print(sys._is_gil_enabled())") == "False\n"
