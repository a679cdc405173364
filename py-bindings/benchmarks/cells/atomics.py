"""AtomicInt64, AtomicReference, AtomicFlag, and the loop itself."""

from collections.abc import Iterator

from benchmarks.cell import (
    AIOLOGIC,
    ALL,
    BOTH,
    CEREGGII,
    CEREGGII_HANDLE,
    OURS,
    PYSYNC,
    REFERENCE,
    SCALING,
    STD,
    Cell,
    loop,
    same,
)

INT = "from ft_utils.concurrency import AtomicInt64\nx = AtomicInt64(7)"
INT_CEREGGII = "from cereggii import AtomicInt64\nx = AtomicInt64(7)"
INT_PYSYNC = "from pysync import AtomicInteger\nx = AtomicInteger(7)"
REFERENCE_TO = "from ft_utils.concurrency import AtomicReference\na, b = object(), object()\n"
REF_CEREGGII = "from cereggii import AtomicRef\na, b = object(), object()\n"
# So many threads are alive at once, and have used `x`.
USED_BY_MANY = """
from threading import Barrier, Thread
together = Barrier(32)
def use():
    {}
    together.wait()
users = [Thread(target=use) for _ in range(32)]
for user in users: user.start()
for user in users: user.join()"""
FLAG = "from ft_utils.concurrency import AtomicFlag\nx = AtomicFlag(True)"

# Statement, and that of cereggii where it has another name.
INT_STATEMENTS = [
    ("x.get()", None),
    ("x.set(5)", None),
    ("x.incr()", "x.increment_and_get()"),
    ("x.decr()", "x.decrement_and_get()"),
    *[
        (statement, None)
        for statement in (
            *("x + 3", "x - 3", "x * 3", "x // 3", "x & 3", "x | 3", "x ^ 3"),
            *("-x", "+x", "~x", "abs(x)"),
            *("x += 3", "x -= 3", "x *= 1", "x //= 1", "x &= 7", "x |= 7", "x ^= 7"),
            *("x == 3", "x < 3", "int(x)", "bool(x)", "format(x)"),
        )
    ],
]
# What pysync has of these. It has no operators, and its numbers wrap round where the others raise.
INT_OF_PYSYNC = {
    "x.get()": "x.get()",
    "x.set(5)": "x.set(5)",
    "x.incr()": "x.increment()",
    "x.decr()": "x.decrement()",
}
# They cost more than one look at a word.
INT_SCALING = ("x.get()", "x.incr()")


def cells() -> Iterator[Cell]:
    yield Cell("empty loop", {STD: same((STD,), "x = None", loop("pass"))[STD]})
    yield from _ints()
    yield from _references()
    yield from _flags()


def _ints() -> Iterator[Cell]:
    for statement, other in INT_STATEMENTS:
        scales = statement in INT_SCALING
        ways = same(ALL if scales else BOTH, INT, loop(statement))
        columns = (CEREGGII, CEREGGII_HANDLE) if scales else (CEREGGII,)
        ways |= same(columns, INT_CEREGGII, loop(other or statement))
        if statement in INT_OF_PYSYNC:
            ways |= same((PYSYNC,), INT_PYSYNC, loop(INT_OF_PYSYNC[statement]))
        yield Cell(f"int: {statement}", ways, SCALING if scales else (1, 2))


def _references() -> Iterator[Cell]:
    made = "x = {}(a)"
    for statement, other in [
        ("x.get()", "x.get()"),
        ("x.set(b)", "x.set(b)"),
        ("x.exchange(b)", "x.get_and_set(b)"),
        ("x.compare_exchange(a, a)", "x.compare_and_set(a, a)"),
        ("x.compare_exchange(b, a)", "x.compare_and_set(b, a)"),
    ]:
        ways = same(BOTH, REFERENCE_TO + made.format("AtomicReference"), loop(statement))
        ways |= same((CEREGGII,), REF_CEREGGII + made.format("AtomicRef"), loop(other))
        yield Cell(f"reference: {statement}", ways, (1, 2))
        if other in ("x.get()", "x.set(b)"):
            used = USED_BY_MANY.format(other)
            ways = same(BOTH, REFERENCE_TO + made.format("AtomicReference") + used, loop(statement))
            ways |= same((CEREGGII,), REF_CEREGGII + made.format("AtomicRef") + used, loop(other))
            yield Cell(f"reference: {statement} after 32 threads", ways)
    # What an object costs that several threads get is its own count; `None` has none.
    ways = same(ALL, REFERENCE_TO + "x = AtomicReference(None)", loop("x.get()"))
    ways |= same((CEREGGII, CEREGGII_HANDLE), REF_CEREGGII + "x = AtomicRef(None)", loop("x.get()"))
    yield Cell("reference: x.get() of None", ways, SCALING)


def _flags() -> Iterator[Cell]:
    event = "from threading import Event\nx = Event()\nx.set()"
    boolean = "from cereggii import AtomicBool\nx = AtomicBool(True)"
    of_pysync = "from pysync import AtomicBoolean\nx = AtomicBoolean(True)"
    of_aiologic = "from aiologic import REvent\nx = REvent()\nx.set()"
    ways = same(ALL, FLAG, loop("bool(x)"))
    ways |= same((CEREGGII, CEREGGII_HANDLE), boolean, loop("x.get()"))
    ways |= same((PYSYNC,), of_pysync, loop("x.get()"))
    ways |= same((AIOLOGIC,), of_aiologic, loop("x.is_set()"))
    ways |= same((STD,), event, loop("x.is_set()"))
    yield Cell("flag: bool(x)", ways, SCALING)
    # The reference has no other way to read one.
    ways = same((OURS,), FLAG, loop("x.get()")) | same((REFERENCE,), FLAG, loop("bool(x)"))
    ways |= same((CEREGGII,), boolean, loop("x.get()"))
    ways |= same((PYSYNC,), of_pysync, loop("x.get()"))
    yield Cell("flag: x.get()", ways)
    ways = same(BOTH, FLAG, loop("x.set(True)"))
    ways |= same((CEREGGII,), boolean, loop("x.set(True)"))
    ways |= same((PYSYNC,), of_pysync, loop("x.set(True)"))
    ways |= same((AIOLOGIC,), of_aiologic, loop("x.set()"))
    ways |= same((STD,), event, loop("x.set()"))
    yield Cell("flag: x.set(True)", ways)
