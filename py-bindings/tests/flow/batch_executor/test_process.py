"""BatchExecutor: forks, and the end of the interpreter."""

from helpers.marks import WITH_FORK
from helpers.programs import run_python


def test_exit_with_waiting_threads():
    run_python(
        """
import threading
from ft_utils.local import BatchExecutor
entered = threading.Event()
def source():
    entered.set()
    threading.Event().wait()
executor = BatchExecutor(source, 3)
for _ in range(4):
    threading.Thread(target=executor.load, daemon=True).start()
entered.wait()
"""
    )


@WITH_FORK
def test_fork():
    out = run_python(
        """
import itertools, os, threading, warnings
from ft_utils.local import BatchExecutor
warnings.simplefilter("ignore")
mine = BatchExecutor(itertools.count().__next__, 3)
mine.load()
stop = threading.Event()
def busy():
    own = BatchExecutor(int, 2)
    while not stop.is_set():
        own.load()
thread = threading.Thread(target=busy)
thread.start()
pid = os.fork()
if not pid:
    assert [mine.load() for _ in range(4)] == [1, 2, 3, 4]
    new = BatchExecutor(itertools.count().__next__, 2)
    work = threading.Thread(target=new.load)
    work.start()
    work.join()
    os._exit(0 if new.load() == 1 else 1)
_, status = os.waitpid(pid, 0)
stop.set()
thread.join()
print(status, mine.load())
"""
    )
    assert out == "0 1\n"
