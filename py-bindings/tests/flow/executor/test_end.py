"""WorkStealingExecutor: shutdown, signals, forks, the collector, and the end of the interpreter."""

import concurrent.futures
import signal
import threading
import time
import weakref

import pytest
from ft_utils import WorkStealingExecutor, WorkStealingFuture
from ft_utils._flow.executor import _exit_lock
from helpers.limits import LONG
from helpers.marks import WITH_FORK, WITH_SIGNALS
from helpers.objects import Thing, collected
from helpers.programs import in_subinterpreter, run_python
from helpers.signals import ctrl_c_when_asleep
from helpers.threads import Task, until_asleep, wait_until

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, raises signals")


def waiting(executor):
    """Submit a job that waits, and return its event when it has begun."""
    begun, go = threading.Event(), threading.Event()
    executor.submit(lambda: (begun.set(), go.wait(LONG)))
    assert begun.wait(LONG)
    return go


def test_shutdown_runs_what_is_queued():
    executor = WorkStealingExecutor(1)
    go = waiting(executor)
    futures = [executor.submit(divmod, n, 1) for n in range(10)]
    executor.shutdown(wait=False)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(int)
    go.set()
    executor.shutdown()
    assert [future.result(0)[0] for future in futures] == list(range(10))
    assert not any(thread.is_alive() for thread in executor._threads)
    executor.shutdown()


def test_shutdown_cancels():
    executor = WorkStealingExecutor(1)
    go = waiting(executor)
    told = []
    futures = [executor.submit(divmod, n, 1) for n in range(10)]
    futures[0].add_done_callback(told.append)
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in futures)
    assert {future._state for future in futures} == {"CANCELLED_AND_NOTIFIED"}
    assert told == futures[:1]
    go.set()
    executor.shutdown()


def test_shutdown_in_a_job():
    with WorkStealingExecutor(1) as executor:
        with pytest.raises(RuntimeError, match="cannot wait for the end"):
            executor.submit(executor.shutdown).result(LONG)
        with pytest.raises(RuntimeError, match="after shutdown"):
            executor.submit(int)


def test_shutdown_waits():
    executor = WorkStealingExecutor(2)
    go = waiting(executor)
    task = Task(executor.shutdown).until_asleep()
    assert not task.is_done()
    go.set()
    task.result()


@WITH_SIGNALS
@pytest.mark.parametrize("call", ["result", "exception", "shutdown"])
def test_ctrl_c_ends_a_wait(call):
    executor = WorkStealingExecutor(1)
    go = waiting(executor)
    future = executor.submit(int)
    with pytest.raises(KeyboardInterrupt), ctrl_c_when_asleep() as struck:
        getattr(executor if call == "shutdown" else future, call)()
    # Much more than the 0.1 s that are promised, for busy machines.
    assert time.monotonic() - struck[0] < LONG / 2
    go.set()
    executor.shutdown()
    assert future.result(0) == 0


@WITH_SIGNALS
def test_ctrl_c_while_a_result_is_set():
    """Those that wait for the future are told all the same."""
    future, held, go = WorkStealingFuture(), threading.Event(), threading.Event()
    waiter = Task(concurrent.futures.wait, [future], LONG).until_asleep()

    def handle(*_):
        go.set()
        raise KeyboardInterrupt

    def hold():
        with future._condition:
            held.set()
            until_asleep(threading.main_thread())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
            assert go.wait(LONG)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        holder = Task(hold)
        assert held.wait(LONG)
        with pytest.raises(KeyboardInterrupt):
            future.set_result(1)
        holder.result()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert waiter.result().done == {future}
    assert future.result(0) == 1


def test_ctrl_c_while_another_worker_is_started(monkeypatch):
    """It is not lost, although there is a worker that could do the job."""

    def interrupted(_thread):
        raise KeyboardInterrupt

    with WorkStealingExecutor(2) as executor:
        go = waiting(executor)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(threading.Thread, "start", interrupted)
            executor.submit(int)
        go.set()
        assert executor.submit(int).result(LONG) == 0


def test_forgotten_executors_end():
    executor = WorkStealingExecutor(2)
    future = executor.submit(int)
    threads = executor._threads
    died = weakref.ref(executor)
    del executor
    assert collected(died)
    assert future.result(LONG) == 0
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


def test_cycle_through_an_executor():
    thing = Thing()
    thing.executor = WorkStealingExecutor(2, initializer=print, initargs=(thing,))
    died = weakref.ref(thing)
    del thing
    assert collected(died)


def test_cycles_through_a_future():
    with WorkStealingExecutor(1) as executor:
        go = waiting(executor)
        died = []
        for way in ("callback", "result", "argument"):
            thing = Thing()
            died.append(weakref.ref(thing))
            thing.future = executor.submit(lambda it: it, thing if way != "callback" else None)
            if way == "callback":
                thing.future.add_done_callback(lambda _, thing=thing: None)
            if way == "argument":
                thing.future.cancel()
            del thing
        go.set()
        executor.shutdown()
        for reference in died:
            assert collected(reference)


def test_errors_make_no_cycle():
    """An error that nobody asks for goes with its future, without the collector."""

    def fail(thing):
        raise ValueError

    import gc

    with WorkStealingExecutor(1) as executor:
        thing = Thing()
        died = weakref.ref(thing)
        gc.disable()
        try:
            executor.submit(fail, thing)
            del thing
            executor.submit(int).result()
            wait_until(lambda: died() is None)
        finally:
            gc.enable()


def test_result_that_comes_too_late():
    """It dies where it may use the future."""
    assert (
        run_python(
            f"""
import faulthandler, threading
from ft_utils import WorkStealingExecutor
faulthandler.dump_traceback_later({LONG}, exit=True)
class Late:
    def __del__(self):
        print(future.result(), repr(future)[-22:])
ready = threading.Event()
def job():
    ready.wait()
    future.set_result("first")
    return Late()
with WorkStealingExecutor(1) as executor:
    future = executor.submit(job)
    ready.set()
"""
        )
        == "first finished returned str>\n"
    )


@WITH_FORK
def test_child_of_a_fork():
    out = run_python(
        """
import os, sys, threading, warnings
from ft_utils import WorkStealingExecutor
warnings.simplefilter("ignore")
executor = WorkStealingExecutor(2)
go = threading.Event()
begun = threading.Event()
pending = executor.submit(lambda: (begun.set(), go.wait()))
done = executor.submit(int)
begun.wait()
done.result()
for leave in (os._exit, sys.exit):
    if (pid := os.fork()) == 0:
        for call in (lambda: executor.submit(int), pending.result):
            try:
                call()
            except RuntimeError as error:
                print(error, flush=True)
        assert done.result() == 0
        executor.shutdown()
        with WorkStealingExecutor(1) as own:
            print(own.submit(int).result(), flush=True)
        del executor, pending, done
        leave(0)
    assert os.waitpid(pid, 0) == (pid, 0)
go.set()
"""
    )
    line = "the executor belongs to the parent process; make another one"
    other = "the job is one of the parent process, and does not run in the child"
    assert out.splitlines() == [line, other, "0"] * 2


@WITH_FORK
def test_fork_while_a_thread_makes_an_executor():
    out = run_python(
        """
import os, signal, threading, warnings
from ft_utils import WorkStealingExecutor
from ft_utils._flow.executor import _exit_lock
warnings.simplefilter("ignore")
held, go = threading.Event(), threading.Event()
def hold():
    with _exit_lock:
        held.set()
        go.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
if (pid := os.fork()) == 0:
    signal.alarm(40)
    with WorkStealingExecutor(1) as executor:
        print(executor.submit(int).result(), flush=True)
    os._exit(0)
assert os.waitpid(pid, 0) == (pid, 0)
go.set()
thread.join()
"""
    )
    assert out == "0\n"


@WITH_SIGNALS
def test_signal_handler_that_makes_an_executor():
    def handle(*_):
        with WorkStealingExecutor(1) as executor:
            results.append(executor.submit(int).result())

    results = []
    before = signal.signal(signal.SIGUSR1, handle)
    try:
        # As while an executor is made.
        with _exit_lock:
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert results == [0]


@pytest.mark.parametrize("end", ["", "executor.shutdown(wait=False)", "del executor"])
def test_exit_runs_what_is_queued(end):
    out = run_python(
        f"""
import sys, time
from ft_utils import WorkStealingExecutor
executor = WorkStealingExecutor(2)
def work(n):
    time.sleep(0.01)
    return n
for n in range(5):
    executor.submit(work, n).add_done_callback(lambda it: sys.stdout.write(f"{{it.result()}}\\n"))
{end}
"""
    )
    assert sorted(out.split()) == list("01234")


def test_exit_while_a_job_waits_for_a_job():
    out = run_python(
        """
from ft_utils import WorkStealingExecutor
def fibonacci(n):
    if n < 2:
        return n
    try:
        return sum(it.result() for it in [executor.submit(fibonacci, n - k) for k in (1, 2)])
    except RuntimeError:
        return -1
executor = WorkStealingExecutor(2)
executor.submit(fibonacci, 20)
"""
    )
    assert out == ""


def test_exit_after_an_error_in_the_main_thread():
    run_python(
        """
from ft_utils import WorkStealingExecutor
executor = WorkStealingExecutor(2)
executor.submit(int).result()
raise SystemExit(3)
""",
        status=3,
    )


def test_waits_of_daemons_do_not_keep_the_interpreter():
    run_python(
        """
import threading
from ft_utils import WorkStealingExecutor, WorkStealingFuture
never = WorkStealingFuture()
entered = threading.Event()
def wait():
    entered.set()
    never.result()
threading.Thread(target=wait, daemon=True).start()
entered.wait()
with WorkStealingExecutor(1) as executor:
    executor.submit(int).result()
"""
    )


def test_subinterpreters_are_refused():
    code = """
try:
    from ft_utils import WorkStealingExecutor
except ImportError:
    pass
else:
    raise AssertionError
"""
    out = run_python("import ft_utils\n" + in_subinterpreter(code), stderr=None)
    assert out == "done\n"
