"""The package ft_utils: forks."""

import pytest
from helpers.marks import WITH_FORK
from helpers.programs import HEAD, IN_CHILDREN, run_python

# The work of the parent's threads while it forks.
BUSY = {
    "working": """
    q.push(n.incr())
    d[n % 100] = q.pop()
    d.add("count", 1)
    d.get_or_insert(n % 200, list)
    d.pop(n % 200, None)
""",
    "waiting": """
    n.incr()
    try:
        if index % 2:
            bounded.push(index, timeout=0.0001)
        else:
            bounded.pop(timeout=0.0001)
    except (Full, Empty):
        pass
""",
    "asleep": """
    n.fetch_add(100)
    ConcurrentQueue().pop()
""",
}


@WITH_FORK
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_fork_while_threads_are(busy):
    run_python(
        f"""{HEAD}{IN_CHILDREN}
import warnings
warnings.simplefilter("ignore")
q, d, n = ConcurrentQueue(), ConcurrentDict(), AtomicInt64()
bounded = ConcurrentQueue(maxsize=2)
def work(index):
  while True:{busy}
for index in range(2):
    threading.Thread(target=work, args=(index,), daemon=True).start()
while n < 100:
    time.sleep(0.001)
def child():
    signal.alarm(15)
    before = n.get()
    assert n.incr() == before + 1
    q.push_many(range(5))
    assert len(q.pop_many(5)) == 5
    assert isinstance(d.add("count", 1), int)
    for key in range(1000):
        d[key] = key
    assert d.get_or_insert("new", lambda: 7) == 7
    assert len(d.keys()) == len(d)
    try:
        while True:
            bounded.pop(timeout=0.001)
    except Empty:
        pass
    bounded.push_many([1, 2])
    fresh = ConcurrentQueue()
    thread = threading.Thread(target=lambda: fresh.push(fresh.pop() + 1))
    thread.start()
    fresh.push(1)
    thread.join()
    assert fresh.pop() == 2
in_children(child, 10)
faulthandler.cancel_dump_traceback_later()
"""
    )
