"""Signals that interrupt calls at any moment."""

import asyncio
import contextlib
import dis
import functools
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import CodeType

from helpers.limits import LONG
from helpers.threads import until_asleep, wait_until


class Stop(BaseException):
    """The exception that the handler of the signal raises."""


@functools.cache
def entries(code: CodeType) -> frozenset[int]:
    """Return where the code calls `__enter__`.

    From CPython 3.14 on, an exception of a signal handler at this call is raised outside of the
    block that follows: nothing calls `__exit__`, and a lock stays locked.
    """
    calls, before = set(), None
    for call in dis.get_instructions(code):
        if before is not None and (before.opname, before.argrepr) == ("LOAD_SPECIAL", "__enter__"):
            calls.add(call.offset)
        before = call
    return frozenset(calls)


def interrupted(work: Callable[[], object], errors: tuple = (), seconds: float = 0.25) -> int:
    """Call work many times during many signals, and return the number of interrupted calls.

    Other errors, in the given tuple, may end a call, and do not end the test.
    """

    def handle(_number, frame):
        # Raise only inside of work, or of the code that it calls: this function is not under test,
        # and other functions, such as callbacks of the collector, must not raise. Nor must those of
        # threading: an interrupted Thread.start() may leave its thread in the list of those that
        # run, and the lock of an interrupted Event stays locked. Do not raise while work handles
        # the exception before, either.
        if isinstance(sys.exc_info()[1], Stop) or frame.f_lasti in entries(frame.f_code):
            return
        while frame.f_code is not work.__code__:
            if not frame.f_globals["__name__"].startswith("ft_utils"):
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
        # On a loaded machine it may take longer until a signal interrupts a call.
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


@contextlib.contextmanager
def ctrl_c_when_asleep(*conditions: Callable[[], object]) -> Iterator[list[float]]:
    """Strike Ctrl-C when the main thread sleeps in the block, and yield the list of the times.

    With conditions, strike once for each of them, when it holds. After the block it does not strike
    any more: another test would be hit.
    """
    main, struck, is_over = threading.main_thread(), [], threading.Event()
    strikes = threading.Lock()

    def strike() -> None:
        for condition in conditions or (lambda: True,):
            wait_until(lambda condition=condition: condition() or is_over.is_set())
            until_asleep(main)
            with strikes:
                if is_over.is_set():
                    return
                struck.append(time.monotonic())
                signal.pthread_kill(main.ident, signal.SIGINT)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        yield struck
    finally:
        with strikes:
            is_over.set()
        thread.join()


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
