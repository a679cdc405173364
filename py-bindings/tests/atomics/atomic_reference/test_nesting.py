"""AtomicReference: references within references, many levels deep."""

import pytest
from ft_utils.concurrency import AtomicReference
from helpers.objects import Thing
from helpers.programs import run_python

NESTS = {
    "directly": "x = AtomicReference(x)",
    "by set": "y = AtomicReference(); y.set(x); x = y",
    "in handles": "x = AtomicReference(x).handle()",
    "in lists": "x = AtomicReference([x])",
    "in tuples and queues": "q = ConcurrentQueue(); q.push((x,)); x = AtomicReference(q)",
    "in dictionaries": "d = ConcurrentDict(2); d[1] = AtomicReference(x); x = d",
    "in a subclass": "x = Mine(x)",
    "in attributes": "y = Mine(); y.own = x; x = y",
}


ENDS = {
    "freed by set": "x.set(None)",
    "freed by the collector": "x.set(x); del x; gc.collect()",
}


@pytest.mark.parametrize(
    ("nest", "end"),
    [(nest, "del x") for nest in NESTS.values()]
    + [(NESTS["directly"], end) for end in ENDS.values()],
    ids=[*NESTS, *ENDS],
)
def test_deep_nesting(nest, end):
    run_python(
        "import gc\n"
        "from ft_utils import AtomicReference, ConcurrentDict, ConcurrentQueue\n"
        "class Mine(AtomicReference): pass\n"
        "gc.disable()\n"
        "x = None\n"
        f"for _ in range(100_000): {nest}\n"
        "x = AtomicReference(x)\n"
        "y = q = d = None\n"
        f"{end}\n"
    )


def test_millions_nested():
    run_python(
        "import gc, threading\n"
        "from ft_utils import AtomicReference\n"
        "gc.disable()\n"
        "x = None\n"
        "for _ in range(1_000_000): x = AtomicReference(x)\n"
        "last = AtomicReference(x)\n"
        "del x\n"
        "thread = threading.Thread(target=last.set, args=(None,))\n"
        "thread.start(); thread.join()\n"
        "assert last.get() is None\n"
    )


def test_nested_ones_die_in_the_call():
    deaths = []
    ref = AtomicReference(Thing(lambda: deaths.append("innermost")))
    for _ in range(1000):
        ref = AtomicReference(ref)
    ref.set(None)
    assert deaths == ["innermost"]


def test_death_deep_inside_may_build_and_free():
    def at_death():
        inner = None
        for _ in range(1000):
            inner = AtomicReference(inner)

    ref = None
    for number in range(500):
        ref = AtomicReference([ref, Thing(at_death) if number % 50 == 0 else None])
    del ref
