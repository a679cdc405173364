"""ConcurrentDeque: deques within deques, many levels deep."""

import pytest
from ft_utils.concurrency import ConcurrentDeque
from helpers.objects import Thing
from helpers.programs import run_python

from .shared import DEEP

NESTS = [
    "y = ConcurrentDeque([x])",
    "y = ConcurrentDeque([x]).handle()",
    "y = Sub([x])",
    "y = ConcurrentDeque([[x]])",
    "y = ConcurrentDeque([iter(ConcurrentDeque([x]))])",
    "y = ConcurrentDeque([x, x])",
]


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("end", ["del x, y", "y = ConcurrentDeque([x]); del x; y.clear()"])
def test_deep_nesting(nest, end):
    # The reference survives 100,000 levels on a stack of 8 MB; this has less for each.
    run_python(
        f"""
import threading
from ft_utils import ConcurrentDeque
class Sub(ConcurrentDeque): pass
def work(deep):
    x = None
    for _ in range(deep):
        {nest}
        x = y
    {end}
if {nest == NESTS[0]}:
    work({DEEP})
threading.stack_size(512 * 1024)
thread = threading.Thread(target=work, args=(10_000,))
thread.start()
thread.join()
"""
    )


def test_deep_nesting_ends_in_time():
    # Deep items are dropped late, but before the deque is gone.
    dead = []
    d = ConcurrentDeque([Thing(lambda: dead.append(1))])
    for _ in range(1000):
        d = ConcurrentDeque([d, Thing(lambda: dead.append(1))])
    del d
    assert len(dead) == 1001
