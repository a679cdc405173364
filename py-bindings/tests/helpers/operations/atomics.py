"""The operations of the atomics."""

from .imp import BINARY, words
from .lines import COMPARISONS, SHARED, SUBSCRIPT, of

OPERATIONS = {
    "AtomicFlag": of(
        """
        AtomicFlag(True)
        AtomicFlag(x)
        """,
        SHARED
        + SUBSCRIPT
        + """
        o.__bool__()
        o.get()
        o.set(x)
        o.clear()
        o.test_and_set()
        o.exchange(x)
        o.compare_exchange(x, x)
        o.wait(x)
        step(o.wait_async())
        step(o.wait_async(x))
        o.waiting()
        step(select_async(o.waiting(), o.waiting()))
        """,
        "(o.set(True), o.wait())",
    ),
    "AtomicInt64": of(
        """
        AtomicInt64(300)
        AtomicInt64(x)
        AtomicInt64(x, overflow="saturate")
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + "".join(
            f"o.__{name}__(x)\no.__r{name}__(x)\n" for name in BINARY + ["pow"] if name != "matmul"
        )
        + "".join(f"o.__i{name}__(x)\n" for name in BINARY + ["pow"] if name != "divmod")
        + "".join(
            f"o.__{name}__()\n"
            for name in words("str neg pos abs bool invert int float index trunc floor ceil round")
        )
        + """
        o.__round__(x)
        o.__pow__(x, x)
        o.__rpow__(x, x)
        o.__format__("")
        o.__format__(x)
        operator.iadd(o, x)
        o + x
        x + o
        o.get()
        o.set(x)
        o.incr()
        o.decr()
        o.exchange(x)
        o.compare_exchange(x, x)
        o.update(x)
        o.update(int)
        o.fetch_add(x)
        o.fetch_sub(x)
        o.fetch_and(x)
        o.fetch_or(x)
        o.fetch_xor(x)
        o.fetch_max(x)
        o.fetch_min(x)
        """,
    ),
    "AtomicReference": of(
        """
        AtomicReference(x)
        AtomicReference()
        """,
        SHARED
        + SUBSCRIPT
        + """
        o.get()
        o.set(x)
        o.exchange(x)
        o.compare_exchange(o.get(), x)
        o.compare_exchange(x, x)
        o.compare_and_swap(x, x)
        o.compare_exchange_equal(x, x)
        o.update(x)
        """,
    ),
    "StripedCounter": of(
        "StripedCounter()",
        SHARED
        + """
        o.add()
        o.add(x)
        o.sum()
        o.sum_then_reset()
        """,
    ),
}
