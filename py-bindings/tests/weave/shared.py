"""Helpers for the tests in this folder."""

import ctypes
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import ft_utils
import ft_utils._weave as native
import pytest
from ft_utils import weave
from helpers.limits import VERY_LONG
from helpers.places import ROOT
from helpers.threads import wait_until

SOURCES = Path(__file__).with_name("native")
INCLUDE = Path(ft_utils.__file__).parent / "include"
DOCS = ROOT / "docs" / "weave.md"
# Before, a thread that is joined may still be ending.
JOIN_IS_THE_END = sys.version_info >= (3, 13)

FUNCTIONS = sorted(weave.__all__)

C, CPP = shutil.which("cc"), shutil.which("c++")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
needs_compiler = pytest.mark.skipif(
    os.name != "posix" or not C or not CPP, reason="no C compiler that takes a Unix command line"
)


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


def load(path: Path) -> ModuleType:
    """Import an extension module."""
    name = path.name.partition(".")[0]
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, str(path)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
