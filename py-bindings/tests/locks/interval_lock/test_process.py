"""IntervalLock: forks, and the end of the interpreter."""

import pytest
from helpers.marks import WITH_FORK
from helpers.programs import IN_CHILDREN, run_python

from .shared import HEAD


@WITH_FORK
def test_fork():
    out = run_python(
        f"""{HEAD}{IN_CHILDREN}
import warnings
warnings.simplefilter("ignore")
lock, stop = held()
ours = IntervalLock()
ours.lock()
for n in (1, 2):
    threading.Thread(target=ours.lock, daemon=True).start()
    while ours.waiters < n:
        time.sleep(0.001)
def child():
    signal.alarm(15)
    # The waiting threads are in the parent.
    assert ours._is_owned() and ours.waiters == 0
    ours.poll()
    ours.cede()
    ours.unlock()
    assert not ours.locked()
    thread = threading.Thread(target=lambda: ours.acquire() and ours.release())
    with ours:
        thread.start()
        while not ours.waiters:
            time.sleep(0.001)
        ours.cede()
        assert not ours.waiters
    thread.join()
    # This one was another thread's.
    assert lock.acquire(timeout=0.01) is False
    with IntervalLock() as new:
        new.poll()
in_children(child, 5)
assert ours.waiters == 2
print("done")
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "done\n"


@WITH_FORK
def test_fork_while_threads_work():
    run_python(
        f"""{HEAD}
import warnings
warnings.simplefilter("ignore")
shared = IntervalLock(0)
def work():
    while True:
        with shared:
            shared.poll()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(20):
    with shared:
        pid = os.fork()
        if pid == 0:
            signal.alarm(15)
            shared.poll()
            shared.unlock()
            for _ in range(10):
                with shared:
                    shared.cede()
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
faulthandler.cancel_dump_traceback_later()
"""
    )


@pytest.mark.parametrize("call", ["lock", "acquire", "__enter__"])
def test_exit_while_threads_wait(call):
    run_python(
        f"""{HEAD}
lock, stop = held()
for n in (1, 2, 3):
    threading.Thread(target=lock.{call}, daemon=True).start()
    while lock.waiters < n:
        time.sleep(0.001)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    run_python(
        f"""{HEAD}
lock, turns = IntervalLock(0), []
def work():
    while True:
        with lock:
            lock.poll()
            turns.append(1)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
while len(turns) < 1000:
    time.sleep(0.001)
faulthandler.cancel_dump_traceback_later()
"""
    )
