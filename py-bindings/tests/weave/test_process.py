"""Native destructors: the end of the process, and forks."""

import os
import sys

import pytest
from helpers.limits import VERY_LONG
from helpers.programs import in_subinterpreter, run_python

from .shared import JOIN_IS_THE_END, Plain, needs_compiler

# Compilers take their time where other tests run.
pytestmark = pytest.mark.timeout(VERY_LONG)


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
    # The registrations of the forking thread, and none of the other thread.
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
            in_subinterpreter("""
try:
    import ft_utils._weave
except ImportError as error:
    assert "interpreter" in str(error), error
else:
    raise AssertionError
""")
        )
        assert out == "done\n"
