"""Programs that run in an interpreter of their own."""

import subprocess
import sys

from helpers.limits import LONG


def run_python(code: str, *, status: int = 0, stderr: str | None = "") -> str:
    """Run code in a new interpreter, check how it ends, and return what it printed.

    If daemon threads are busy when the code ends, no thread may drop an object that another thread
    has made. Otherwise a free-threaded interpreter may wait for ever: at its end it takes the lock
    of the list of such objects (`_Py_brc_remove_thread`), which a stopped thread may hold.
    """
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code],
        capture_output=True,
        text=True,
        timeout=2 * LONG,
        check=False,
    )
    assert done.returncode == status, done
    if stderr is not None:
        assert done.stderr == stderr
    return done.stdout


# Part of a program: `until_asleep(native_id)` waits for a thread to sleep in a call. A thread that
# spins sleeps, too, now and then.
ASLEEP = """
def state(id):
    with open(f"/proc/self/task/{id}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]
def until_asleep(id):
    if not sys.platform.startswith("linux"):
        return time.sleep(0.2)
    seen = 0
    while seen < 5:
        seen = seen + 1 if state(id) == "S" else 0
        time.sleep(0.002)
"""

# The first lines of a program that uses these classes, and ends if it hangs.
HEAD = f"""
import faulthandler, os, signal, sys, threading, time
from ft_utils.concurrency import *
faulthandler.dump_traceback_later(40, exit=True)
{ASLEEP}
"""

# The last lines of a program that ends while three threads are asleep in `call`.
END_WHILE_THREADS_WAIT = """
threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""

# Part of a program: `in_children(work, n)` forks n times, and each child has to get through work().
IN_CHILDREN = """
import os, sys
def in_children(work, n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            try:
                work()
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        assert status == 0, status
"""


def in_subinterpreter(code: str) -> str:
    """Return a program that runs code in a subinterpreter with a GIL of its own."""
    return f"""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
id = interpreters.create()
failed = interpreters.run_string(id, {code!r})
assert failed is None, failed
interpreters.destroy(id)
print("done")
"""
