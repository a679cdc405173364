"""The package ft_utils: imports in many threads and subinterpreters."""

import sys

import pytest
from helpers.programs import in_subinterpreter, run_python


def test_import_in_many_threads():
    run_python(
        """
import threading
barrier = threading.Barrier(8)
found = []
def work():
    barrier.wait()
    import ft_utils.concurrency
    found.append(ft_utils.concurrency.ConcurrentDict)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(found) == 8 and len(set(found)) == 1
"""
    )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no interpreter of its own GIL")
def test_subinterpreter_is_refused_or_works():
    out = run_python(
        in_subinterpreter("""
try:
    from ft_utils.concurrency import AtomicInt64
except ImportError as error:
    assert "interpreter" in str(error), error
else:
    assert AtomicInt64(1).incr() == 2
""")
    )
    assert out == "done\n"
