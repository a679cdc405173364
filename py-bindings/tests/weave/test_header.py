"""Native destructors: ft_weave.h."""

import ctypes
import os
import shutil
import sys
import sysconfig
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import ft_utils
import ft_utils._weave as native
import pytest
from helpers.limits import VERY_LONG
from helpers.programs import run_python
from helpers.threads import wait_until

from .shared import CPP, C, compile_with, load, needs_compiler, table

# Compilers take their time where other tests run.
pytestmark = pytest.mark.timeout(VERY_LONG)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", True)
    yield


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
