"""RWLock: forks, and the end of the interpreter."""

import pytest
from helpers.marks import WITH_FORK
from helpers.programs import IN_CHILDREN, run_python

from .shared import HEAD, WAITS


@WITH_FORK
def test_fork():
    out = run_python(
        f"""{HEAD}{IN_CHILDREN}
import warnings
warnings.simplefilter("ignore")
foreign, stop = held(RWWriteContext)
written, read = RWLock(), RWLock()
written.lock_write()
read.lock_read()
for lock in (written, read):
    threading.Thread(target=lock.lock_write, daemon=True).start()
    while not lock.writers_waiting():
        time.sleep(0.001)
    threading.Thread(target=lock.lock_read, daemon=True).start()
def child():
    signal.alarm(15)
    # The waiting threads are in the parent.
    assert written.writer_locked() and written.writers_waiting() == 0
    written.downgrade()
    written.lock_read()
    written.unlock_read()
    written.unlock_read()
    with written.write():
        pass
    assert read.readers() == 1 and read.writers_waiting() == 0
    thread = threading.Thread(target=lambda: [read.lock_read(), read.unlock_read()])
    thread.start()
    thread.join()
    read.unlock_read()
    assert read.acquire_write(False)
    thread = threading.Thread(target=lambda: [read.lock_write(), read.unlock_write()])
    thread.start()
    while not read.writers_waiting():
        time.sleep(0.001)
    read.unlock_write()
    thread.join()
    # This one was another thread's.
    assert not foreign.acquire_read(timeout=0.01)
    with RWLock().write():
        pass
in_children(child, 5)
assert written.writers_waiting() == read.writers_waiting() == 1
print("done")
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "done\n"


@pytest.mark.parametrize("wait", WAITS)
def test_exit_while_threads_wait(wait):
    run_python(
        f"""{HEAD}
lock, stop = {wait}
threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
faulthandler.cancel_dump_traceback_later()
"""
    )


def test_exit_while_threads_work():
    run_python(
        f"""{HEAD}
lock, turns = RWLock(), []
def work():
    while True:
        with lock.read():
            turns.append(lock.readers())
        with lock.write():
            turns.append(0)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
while len(turns) < 1000:
    time.sleep(0.001)
faulthandler.cancel_dump_traceback_later()
"""
    )
