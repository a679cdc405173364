"""What several of the test files need."""

import asyncio
import gc
import os
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from ft_utils.testing import run_concurrently

# Long enough for a loaded machine; nothing waits this long unless it is broken.
LONG = 30.0
# The same for what takes a compiler or a program of its own some time where nothing else runs.
VERY_LONG = 20 * LONG

FREE_THREADED = hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled()


def run_threads(n: int, work: Callable[[int], object]) -> list:
    """Run work(0) to work(n - 1) in threads that start together, and return what they return.

    The first exception, if there is any, is raised here.
    """
    try:
        # As ever where it does not matter: `cargo xtask test` has runs with the shortest interval.
        return run_concurrently(work, n, pass_index=True, switch_interval=None, timeout=2 * LONG)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


def flat(lists: Iterable[list]) -> list:
    """Join lists."""
    return list(chain.from_iterable(lists))


def until_asleep(thread: threading.Thread) -> None:
    """Return when the thread sleeps, or is done.

    Where the system does not tell, that is at once. So a test may use this to look at the case
    that matters most of the time, and has to be right in the others too.
    """
    stat = f"/proc/self/task/{thread.native_id}/stat"
    deadline = time.monotonic() + LONG
    seen = 0
    while seen < 3 and thread.is_alive():
        try:
            with open(stat) as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:
            return
        seen = seen + 1 if state == "S" else 0
        assert time.monotonic() < deadline, "the thread does not go to sleep"
        time.sleep(0.001)


class Task:
    """A call in a thread of its own."""

    def __init__(self, call: Callable, *args: object, **kwargs: object) -> None:
        self._thread = threading.Thread(target=self._run, args=(call, args, kwargs), daemon=True)
        self._started = threading.Event()
        self._result: object = None
        self._error: BaseException | None = None
        self._thread.start()
        assert self._started.wait(LONG)

    def _run(self, call: Callable, args: tuple, kwargs: dict) -> None:
        self._started.set()
        try:
            self._result = call(*args, **kwargs)
        except BaseException as error:
            self._error = error

    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def until_asleep(self) -> "Task":
        """Return when the thread sleeps, or is done: see the function of this name."""
        until_asleep(self._thread)
        return self

    def result(self) -> object:
        self._thread.join(LONG)
        assert self.is_done(), "the call hangs"
        if self._error is not None:
            raise self._error
        return self._result


def without_address(thing: object) -> str:
    """Return a parameter's repr as it is in each process, for the name of a test."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(thing))


def wait_until(condition: Callable[[], object]) -> None:
    """Return when the condition holds; fail if that takes too long."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.001)


_one_collects = threading.Lock()


def collected(reference: weakref.ref) -> bool:
    """Tell whether the collector frees the object."""

    def collections() -> int:
        return gc.get_stats()[-1]["collections"]

    # A call does nothing while another thread collects, as this test may on several threads. And a
    # look at the object keeps it alive if the collection of another comes in between.
    with _one_collects:
        end, deadline = collections() + 3, time.monotonic() + LONG
        while reference() is not None and collections() < end:
            gc.collect()
            assert time.monotonic() < deadline, "other threads collect all the time"
        return reference() is None


def run_python(code: str, *, status: int = 0, stderr: str | None = "") -> str:
    """Run code in a new interpreter, check how it ends, and return what it printed.

    If daemon threads are busy when the code ends, let none drop what another has made. The
    interpreter may be waiting for ever then, where it has no GIL: at its end it takes the lock of
    the list of such objects (`_Py_brc_remove_thread`), which may be that of a thread that it has
    stopped.
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


def built_extension(package: str) -> Path:
    """Build a package of the workspace that is an extension for this interpreter."""
    root = Path(__file__).parents[2]
    target = root / "target" / "extension" / str(sysconfig.get_config_var("SOABI"))
    variables = {"PYO3_PYTHON": sys.executable, "PYO3_BUILD_EXTENSION_MODULE": "1"}
    if sysconfig.get_config_var("Py_GIL_DISABLED") and sys.version_info < (3, 14):
        variables["UNSAFE_PYO3_SKIP_VERSION_CHECK"] = "1"
    cargo = ["cargo", "build", "--quiet", "--locked", "--offline", "--target-dir", str(target)]
    done = subprocess.run(
        [*cargo, "--package", package, "--config", "profile.dev.debug=false"],
        cwd=root,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    prefix, suffix = {"win32": ("", "dll"), "darwin": ("lib", "dylib")}.get(
        sys.platform, ("lib", "so")
    )
    return target / "debug" / f"{prefix}{package.replace('-', '_')}.{suffix}"


# Part of such code: `until_asleep(native_id)` waits for a thread to sleep in a call. A thread that
# spins sleeps too, now and then.
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


class Thing:
    """An object that can be referred to weakly, and whose death is seen."""

    def __init__(self, at_death: Callable[[], object] = lambda: None) -> None:
        self.at_death = at_death

    def __del__(self) -> None:
        self.at_death()


class Stop(BaseException):
    """What the handler of the signal raises."""


def interrupted(work: Callable[[], object], errors: tuple = (), seconds: float = 0.25) -> int:
    """Call work again and again amid a storm of signals, and return how many ended a call.

    The other errors that may end a call are no reason to stop.
    """

    def handle(_number, frame):
        # Only inside of work, or of what our code calls: this function is not tested, and others,
        # as the callbacks of the collector, may not raise. Nor where work handles the last one.
        if isinstance(sys.exc_info()[1], Stop):
            return
        while frame.f_code is not work.__code__:
            if not frame.f_globals["__name__"].startswith(("ft_utils", "threading")):
                return
            frame = frame.f_back
        raise Stop

    def blow():
        while not calm.wait(0.0003):
            signal.pthread_kill(main, signal.SIGUSR1)

    main, calm, count = threading.get_ident(), threading.Event(), 0
    before = signal.signal(signal.SIGUSR1, handle)
    storm = threading.Thread(target=blow, daemon=True)
    storm.start()
    try:
        end = time.monotonic() + seconds
        # On a loaded machine it may take longer until a signal meets a call.
        while time.monotonic() < (end if count else end + LONG):
            try:
                work()
            except Stop:
                count += 1
            except errors:
                time.sleep(0.001)
    finally:
        calm.set()
        storm.join(LONG)
        signal.signal(signal.SIGUSR1, before)
    return count


def run_until_interrupted(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Run an event loop until Ctrl-C strikes, some seconds later, anywhere in a round of the loop.

    It does not strike in `run_forever` between two rounds: in CPython 3.14, an exception at the
    jump from one round to the next skips the `finally`, and the loop counts as running for ever.
    """
    a_round = asyncio.BaseEventLoop._run_once.__code__

    def strike(_number, frame):
        while frame is not None:
            if frame.f_code is a_round:
                raise KeyboardInterrupt
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, strike)
    # Another strike follows if the first came between two rounds.
    loop.call_soon(signal.setitimer, signal.ITIMER_REAL, seconds, 1.0)
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not loop.is_running()
