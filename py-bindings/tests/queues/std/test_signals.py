"""The Std queues: signals that interrupt a wait."""

import pytest
from helpers.marks import POSIX
from helpers.programs import HEAD, run_python

from .shared import waits


@pytest.mark.thread_unsafe(reason="starts processes")
@POSIX
@pytest.mark.parametrize("wait", list(waits()))
def test_interrupt_ends_a_wait(wait):
    out = run_python(
        f"""{HEAD}
{wait}
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
size, unfinished = q.qsize(), q.unfinished_tasks
threading.Thread(target=interrupt, daemon=True).start()
try:
    call()
except KeyboardInterrupt as error:
    pushed = 3 - len(error.remaining) if hasattr(error, "remaining") else 0
    assert (q.qsize(), q.unfinished_tasks) == (size + pushed, unfinished + pushed)
    print("interrupted", flush=True)
    os._exit(0)
"""
    )
    assert out == "interrupted\n"


@pytest.mark.thread_unsafe(reason="starts processes")
@POSIX
def test_handler_may_use_the_queue():
    out = run_python(
        f"""{HEAD}
for kind in (StdConcurrentQueue, StdConcurrentLifoQueue, StdConcurrentPriorityQueue):
    q = kind()
    def handle(*_):
        q.put("from the handler")
    signal.signal(signal.SIGUSR1, handle)
    def interrupt(id=threading.get_native_id()):
        until_asleep(id)
        os.kill(os.getpid(), signal.SIGUSR1)
    threading.Thread(target=interrupt, daemon=True).start()
    print(q.get())
# Even in the middle of a comparison.
class Item(int):
    def __lt__(self, other):
        global sent
        if not sent:
            sent = True
            os.kill(os.getpid(), signal.SIGUSR1)
            while not handled:
                pass
        return int(self) < int(other)
def handle(*_):
    q.put(Item(0))
    handled.append(1)
signal.signal(signal.SIGUSR1, handle)
sent, handled, q = True, [], StdConcurrentPriorityQueue()
q.put(Item(2))
q.put(Item(3))
sent = False
q.put(Item(1))
print([int(q.get()) for _ in range(4)])
"""
    )
    assert out == "from the handler\n" * 3 + "[0, 1, 2, 3]\n"
