"""The Std queues: forks, waiting without work, and the end of the interpreter."""

import sys

import pytest
from helpers.marks import WITH_FORK
from helpers.programs import END_WHILE_THREADS_WAIT, HEAD, IN_CHILDREN, run_python

from .shared import waits


@pytest.mark.thread_unsafe(reason="starts processes")
@pytest.mark.parametrize("wait", list(waits()))
def test_exit_while_threads_wait(wait):
    if "Slow" in wait and sys.version_info < (3, 14):
        pytest.skip("unwinds daemon threads through the extension")
    run_python(
        f"""{HEAD}
{wait}
{END_WHILE_THREADS_WAIT}"""
    )


@pytest.mark.thread_unsafe(reason="starts processes")
@WITH_FORK
def test_fork():
    run_python(
        f"""{HEAD}{IN_CHILDREN}
import warnings
warnings.simplefilter("ignore")
kinds = (StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue)
queues = [kind(3) for kind in kinds]
busy = [kind(3) for kind in kinds]
def work(q):
    while True:
        q.put(1)
        q.get()
        q.task_done()
for q in busy:
    threading.Thread(target=work, args=(q,), daemon=True).start()
waiting = kinds[0]()
threading.Thread(target=waiting.get, daemon=True).start()
def child():
    signal.alarm(15)
    for q in [*queues, *(kind() for kind in kinds)]:
        q.put(2)
        q.put(1)
        thread = threading.Thread(target=lambda: (q.get(), q.get(), q.task_done(), q.task_done()))
        thread.start()
        q.join()
        thread.join()
        q.shutdown()
    waiting.put(1)
    assert waiting.get() == 1
in_children(child, 5)
faulthandler.cancel_dump_traceback_later()
"""
    )


@pytest.mark.thread_unsafe(reason="starts processes")
def test_waiting_costs_no_time():
    """No polling: threads that wait for a second use next to none of it."""
    out = run_python(
        f"""{HEAD}
kinds = (StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue)
calls = []
for kind in kinds:
    empty, full = kind(), kind(1)
    full.put(1)
    calls += [empty.get, lambda full=full: full.put(1), full.join]
threads = [threading.Thread(target=call, daemon=True) for call in calls]
for thread in threads:
    thread.start()
for thread in threads:
    until_asleep(thread.native_id)
def switches(id):
    with open(f"/proc/self/task/{{id}}/status") as file:
        return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
if sys.platform.startswith("linux"):
    before = [switches(thread.native_id) for thread in threads]
    time.sleep(0.5)
    print([switches(thread.native_id) for thread in threads] == before)
else:
    print(True)
faulthandler.cancel_dump_traceback_later()
"""
    )
    assert out == "True\n"
