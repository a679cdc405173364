"""The end of interpreters, and of what they have, while threads wait in every kind of wait."""

import re

import pytest
from helpers.marks import WITH_FORK
from helpers.operations import OPERATIONS
from helpers.places import TESTS
from helpers.programs import run_python
from helpers.waits import WAITS

pytestmark = pytest.mark.thread_unsafe(reason="processes of their own, which take a while")

HEAD = f"""
import faulthandler, os, sys, threading
sys.path.insert(0, {str(TESTS)!r})
faulthandler.dump_traceback_later(50, exit=True)
from helpers import waits
from helpers.operations import Imp, OPERATIONS, function, make, use
"""


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_wait_is_among_them(name):
    """A line of the table that may wait names a method that is in one of these calls."""
    waiting = {method for wait in WAITS for method in re.findall(r"\.(\w+)\(", wait.call)}
    waiting |= {"iter", "__next__", "fail", "close", "shutdown"}
    for line in OPERATIONS[name].may_wait:
        methods = re.findall(r"\bo\.(\w+)\(", line) or ["iter"]
        assert waiting.intersection(methods), line
    if OPERATIONS[name].may_wait and not re.search("Iterator$|Reader$|Context$", name):
        assert name in {wait.kind for wait in WAITS}


def test_exit_while_daemons_wait():
    run_python(f"{HEAD}waits.begin(daemon=True)\nfaulthandler.cancel_dump_traceback_later()")


def test_exit_while_others_wait_and_are_released():
    run_python(
        f"""{HEAD}
objects, threads = waits.begin(daemon=False)
def release():
    threading.main_thread().join()
    for wait, o in objects:
        wait.function(wait.release)(o)
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    faulthandler.cancel_dump_traceback_later()
    print("released", flush=True)
# The locks that the main thread has, it unlocks.
for index, (wait, o) in enumerate(objects):
    if wait.kind in ("IntervalLock", "RWLock"):
        wait.function(wait.release)(o)
        threads[index].join(20)
objects = [(wait, o) for wait, o in objects if wait.kind not in ("IntervalLock", "RWLock")]
threading.Thread(target=release).start()
"""
    )


def test_use_at_exit_and_after():
    out = run_python(
        f"""{HEAD}
import atexit
objects, threads = waits.begin(daemon=True)
def at_exit():
    for wait, o in objects:
        use(wait.kind, o)
    for name in OPERATIONS:
        use(name, make(name, Imp()))
    print("used at exit")
atexit.register(at_exit)
class Last:
    # Dies when the globals of modules are cleared, and has by itself what it needs then.
    def __init__(self):
        self.calls = [
            (function(line), o)
            for name in set(OPERATIONS) - {{"Coroutine"}}
            for o in [make(name, Imp())]
            for line in OPERATIONS[name].never_waits
            if not line.startswith("step")
        ]
        self.given = [Imp() for _ in self.calls]
    def __del__(self, print=print, ready=faulthandler.cancel_dump_traceback_later):
        for (call, o), x in zip(self.calls, self.given):
            try:
                call(o, x)
            except Exception:
                pass
        print("used at the end", flush=True)
        ready()
last = Last()
""",
    )
    assert out == "used at exit\nused at the end\n"


@WITH_FORK
def test_fork_while_all_wait():
    run_python(
        f"""{HEAD}
import signal, warnings
warnings.simplefilter("ignore")
objects, threads = waits.begin(daemon=True)
# Its thread is not in the child, which would wait for it at its end.
faulthandler.cancel_dump_traceback_later()
for leave in (sys.exit, os._exit):
    if (child := os.fork()) == 0:
        signal.alarm(40)
        for wait, o in objects:
            use(wait.kind, o)
        for name in OPERATIONS:
            use(name, make(name, Imp()))
        leave(0)
    assert os.waitpid(child, 0) == (child, 0), leave
# The threads of the parent have not noticed.
assert all(thread.is_alive() for thread in threads)
for wait, o in objects:
    wait.function(wait.release)(o)
for (wait, _), thread in zip(objects, threads, strict=True):
    thread.join(20)
    assert not thread.is_alive(), wait
"""
    )


@pytest.mark.parametrize("module", ["_native", "concurrency", "local", "synchronization", "weave"])
def test_subinterpreters_are_told(module):
    """One that shares the GIL, and one that does not, while threads of the first one wait."""
    out = run_python(
        f"""{HEAD}
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
waits.begin(daemon=True)
code = '''
try:
    import ft_utils.{module}
except ImportError as error:
    assert "interpreter" in str(error), error
else:
    raise AssertionError("imported")
'''
kinds = [{{}}] if sys.version_info < (3, 13) else ["legacy", "isolated"]
for kind in kinds:
    id = interpreters.create(kind) if kind else interpreters.create()
    failed = interpreters.run_string(id, code)
    assert failed is None, failed
    interpreters.destroy(id)
    use("ConcurrentQueue", make("ConcurrentQueue", Imp()))
print("told")
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "told\n"
