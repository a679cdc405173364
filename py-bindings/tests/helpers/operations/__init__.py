"""Every operation of every class, for the tests that treat all of them alike.

An operation is a line of Python: `o` is the object, `x` stands wherever the operation takes
something from its user. A test gives an `Imp` for it. `MAKE` has the constructors; the first
one puts `x` where the object can hold it. `NEVER_WAITS` and `MAY_WAIT` have the rest: those that
come back at once whatever state the object is in, and those that find what they need in an object
that was just made, and might wait for ever for it in another one.
"""

import asyncio
import contextlib
import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ft_utils


class Fuse:
    """Does a deed when it is lit for the n-th time, and never again."""

    def __init__(self, deed: Callable[[], object] = int, n: int = 1) -> None:
        self.deed = deed
        self.left = n

    def light(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.deed()


class Imp:
    """Takes every role that an operation has for an object, and lights a fuse in each."""

    # How it compares with others.
    equal = True

    def __init__(self, fuse: Fuse | None = None) -> None:
        self.fuse = fuse

    def act(self) -> None:
        if self.fuse is not None:
            self.fuse.light()

    def __eq__(self, other: object) -> bool:
        self.act()
        return self.equal

    def __ne__(self, other: object) -> bool:
        self.act()
        return not self.equal

    def __hash__(self) -> int:
        self.act()
        return 1

    def __lt__(self, other: object) -> bool:
        self.act()
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __bool__(self) -> bool:
        self.act()
        return True

    def __index__(self) -> int:
        self.act()
        return 1

    __int__ = __len__ = __index__

    def __float__(self) -> float:
        # As a timeout: no wait.
        self.act()
        return 0.0

    def __call__(self, *_args: object, **_kwargs: object) -> int:
        self.act()
        return 1

    def __iter__(self) -> Iterator:
        self.act()
        return iter((self,))

    def keys(self) -> tuple:
        self.act()
        return (self,)

    def __getitem__(self, key: object) -> object:
        self.act()
        if key.__class__ is int and key != 0:
            raise IndexError
        return 1

    def __setitem__(self, key: object, value: object) -> None:
        self.act()

    def __delitem__(self, key: object) -> None:
        self.act()

    def __contains__(self, key: object) -> bool:
        self.act()
        return True

    def __repr__(self) -> str:
        self.act()
        return "Imp"

    def __format__(self, spec: str) -> str:
        self.act()
        return "Imp"

    def __binary__(self, other: object) -> int:
        self.act()
        return 1

    def __enter__(self) -> object:
        self.act()
        return self

    def __exit__(self, *_: object) -> None:
        self.act()

    def __await__(self) -> Iterator:
        self.act()
        return iter(())

    def __unary__(self) -> int:
        self.act()
        return 1

    __neg__ = __pos__ = __abs__ = __invert__ = __trunc__ = __floor__ = __ceil__ = __unary__
    __next__ = __unary__

    def __pow__(self, *_args: object) -> int:
        self.act()
        return 1

    __rpow__ = __ipow__ = __round__ = __pow__


def words(text: str) -> list[str]:
    return text.split()


BINARY = words("add sub mul matmul truediv floordiv mod divmod lshift rshift and or xor")
for _name in BINARY:
    setattr(Imp, f"__{_name}__", Imp.__binary__)
    setattr(Imp, f"__r{_name}__", Imp.__binary__)
    if _name != "divmod":
        setattr(Imp, f"__i{_name}__", Imp.__binary__)


class Loop:
    """As much of an event loop as a coroutine needs that waits; it never runs."""

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future:
        return asyncio.Future(loop=self)

    def call_soon(self, *_args: object, **_kwargs: object) -> None:
        pass

    call_soon_threadsafe = call_soon

    def call_later(self, *_args: object) -> "Loop":
        return self

    def cancel(self) -> None:
        pass


LOOP = Loop()


def step(coroutine: Any) -> object:
    """Run a coroutine until it waits, and end it there."""
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(LOOP)
    try:
        return coroutine.send(None)
    except StopIteration as done:
        return done.value
    finally:
        coroutine.close()
        asyncio._set_running_loop(before)


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in map(str.strip, text.splitlines()) if line)


class Operations(NamedTuple):
    """What there is to do with one class, a line of Python each."""

    make: tuple[str, ...]
    never_waits: tuple[str, ...]
    may_wait: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.never_waits + self.may_wait


def of(make: str, never_waits: str, may_wait: str = "") -> Operations:
    return Operations(lines(make), lines(never_waits), lines(may_wait))


REFUSED = """
    o.__copy__()
    o.__deepcopy__(x)
    o.__reduce_ex__(x)
"""
COMPARISONS = "".join(f"o.__{name}__(x)\n" for name in words("lt le eq ne gt ge"))
SUBSCRIPT = "type(o).__class_getitem__(x)\n"
TEXT = "o.__repr__()\n"
SHARED = REFUSED + TEXT + "o.handle()\n"

# Those of all queues.
QUEUE_NEVER_WAITS = (
    SHARED
    + SUBSCRIPT
    + """
    o.__iter__()
    o.push(x, x)
    o.try_push(x)
    o.push_many(x, x)
    o.pop(x)
    o.try_pop()
    o.pop_many(x, x)
    o.pop_many(300, 0)
    o.pop_local(x)
    step(o.push_async(x, x))
    step(o.put_async(x, x))
    step(o.pop_async(x))
    step(o.get_async(x))
    step(o.push_async(x))
    step(o.put_async(x))
    step(o.pop_async())
    step(o.get_async())
    o.drain()
    o.peek()
    o.size()
    o.empty()
    o.full()
    o.maxsize
    o.is_shutdown
    o.failure
    o.fail(x)
    o.__length_hint__()
"""
)
QUEUE_MAY_WAIT = """
    o.push(x)
    o.push_many((x,))
    o.pop()
    o.pop_many(300)
    o.pop_local()
    next(iter(o))
"""
SHUTDOWN = """
    o.shutdown()
    o.shutdown(x)
    o.fail(ValueError(x))
    (o.fail(ValueError()), o.drain(), next(iter(o)))
"""
STD_NEVER_WAITS = (
    QUEUE_NEVER_WAITS
    + """
    o.put(x, x, x)
    o.put_nowait(x)
    o.put(x, False)
    o.get(x, x)
    o.get_nowait()
    o.qsize()
    o.task_done()
    o.unfinished_tasks
    step(o.join_async())
    type(o).__init_subclass__()
    type("Sub", (type(o),), {}, key=x)
"""
)
STD_MAY_WAIT = (
    QUEUE_MAY_WAIT
    + """
    o.put(x)
    o.get()
    (o.fail(ValueError()), o.join())
    (o.shutdown(True), [o.task_done() for _ in range(o.unfinished_tasks)], o.join())
"""
    + SHUTDOWN
)

ITERATION = """
    o.__iter__()
    o.__length_hint__()
"""

# One that holds a number as well, so that lines which take one away find another.
STD_MAKE = """
    filled({0}(5), x, x)
    {0}(x)
    {0}()
"""

WRAPPER_CALLS = [
    *(f"{name}__(o, x)" for name in words("lt le eq ne gt ge")),
    *(f"{prefix}{name}__(o, x)" for name in BINARY for prefix in ("", "r")),
    *(f"i{name}__(o, x)" for name in BINARY if name != "divmod"),
    *words("pow__(o,x) pow__(o,x,x) rpow__(o,x) rpow__(o,x,x) ipow__(o,x)"),
    *(
        f"{name}__(o)"
        for name in words(
            "repr hash str neg pos abs bool invert int float complex index trunc floor ceil round "
            "iter next reversed len length_hint aiter anext enter aenter bytes fspath "
            "reduce dir call"
        )
    ),
    *words("await__(o).close() exit__(o,x,x,x) call__(o,x,key=x) round__(o,x) format__(o,'')"),
    *words("getitem__(o,x) setitem__(o,x,x) delitem__(o,x) contains__(o,x) getitem__(o,0)"),
    *words("getattribute__(o,'act') setattr__(o,'act',x) delattr__(o,'act') deepcopy__(o,x)"),
    *words("instancecheck__(o,x) subclasscheck__(o,x) class_getitem__(x) buffer__(o,0)"),
]

OPERATIONS: dict[str, Operations] = {
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
    "BatchExecutor": of(
        """
        BatchExecutor(x, 3)
        BatchExecutor(x, x)
        """,
        SHARED
        + SUBSCRIPT
        + """
        o.__iter__()
        o.load(x)
        o.as_local()
        o.source
        o.size
        o.buffered
        """,
        """
        o.load()
        [o.load() for _ in range(4)]
        next(iter(o))
        """,
    ),
    "ConcurrentDeque": of(
        """
        ConcurrentDeque([x, x, 0])
        ConcurrentDeque(x)
        ConcurrentDeque(x, x)
        ConcurrentDeque(maxlen=x)
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + """
        o < ConcurrentDeque((x,))
        o == ConcurrentDeque((x, x, 0))
        o.maxlen
        o.append(x)
        o.appendleft(x)
        o.pop()
        o.pop(timeout=x)
        o.popleft()
        o.popleft(timeout=x)
        o.extend(x)
        o.extend(o)
        o.extendleft(x)
        o.insert(x, x)
        o.remove(x)
        o.index(x)
        o.index(x, x, x)
        o.count(x)
        o.rotate(x)
        o.reverse()
        o.clear()
        o.copy()
        o.__len__()
        o.__contains__(x)
        o.__iter__()
        o.__reversed__()
        o.__getitem__(x)
        o.__setitem__(x, x)
        o.__delitem__(x)
        o.__add__(o)
        o.__add__(x)
        o.__radd__(x)
        o.__iadd__(x)
        o.__mul__(x)
        o.__rmul__(x)
        o.__imul__(x)
        """,
        """
        o.pop(timeout=None)
        o.popleft(timeout=None)
        """,
    ),
    "ConcurrentDict": of(
        """
        ConcurrentDict(4, {x: x, 0: 0})
        ConcurrentDict(x)
        ConcurrentDict.fromkeys(x)
        ConcurrentDict.fromkeys([0, x], x)
        ConcurrentDict({x: x})
        ConcurrentDict(dictionary=((x, x),))
        ConcurrentDict(x, x)
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + """
        o == {x: x, 0: 0}
        ConcurrentDict(0, {0: x}) == ConcurrentDict(0, {0: x})
        o.fromkeys(x)
        o.__iter__()
        o.__bool__()
        o.__len__()
        o.__or__(x)
        o.__ror__(x)
        o.__or__({x: x})
        o.__ror__({x: x})
        o.__ior__(x)
        o.__ior__({x: x})
        o.__getitem__(x)
        o.__setitem__(x, x)
        o.__delitem__(x)
        o.__contains__(x)
        o.get(x)
        o.get(x, x)
        o.setdefault(x)
        o.setdefault(x, x)
        o.pop(x)
        o.pop(x, x)
        o.popitem()
        o.update(x)
        o.update({x: x})
        o.update(((x, x),))
        o.update(key=x)
        o.clear()
        o.copy()
        o.compare_exchange(x, x, x)
        o.compare_exchange(x, MISSING, x)
        o.compare_exchange(x, x, MISSING)
        o.update_with(x, x)
        o.update_with(x, x, x)
        o.add(x)
        o.add(x, x)
        o.add(0, 2**40)
        o.add_many(x)
        o.add_many((x, x))
        o.add_many({x: 2**40})
        step(o.get_or_insert_async(x, x))
        step(o.get_or_insert_async("new", x))
        o.keys()
        o.keys() <= x
        o.keys() == {x: x}.keys()
        o.values()
        o.items()
        o.items() == {x: x}.items()
        o.as_dict()
        """,
        # It waits if another thread makes the value.
        """
        o.get_or_insert(x, x)
        o.get_or_insert("new", x)
        """,
    ),
    "ConcurrentGatheringIterator": of(
        """
        gathered(ConcurrentGatheringIterator(window=4), x, x)
        ConcurrentGatheringIterator(x)
        ConcurrentGatheringIterator(x, window=x)
        """,
        SHARED
        + SUBSCRIPT
        + """
        o.insert(x, x, x)
        o.insert(-1, x)
        o.insert(100, x, 0)
        o.iterator(x, x, x)
        o.iterator_local(x, x, x)
        next(o.iterator(x, x, x))
        list(o.iterator(1, False, 0))
        next(o.iterator_local(x, x, x))
        o.failure
        o.closed
        o.window
        o.size()
        """,
        """
        o.insert(x, x)
        next(o.iterator(1))
        list(o.iterator_local(1))
        (o.fail(ValueError(x)), o.clear_failure())
        o.close()
        """,
    ),
    "ConcurrentQueue": of(
        """
        filled(ConcurrentQueue(maxsize=5), x, x)
        filled(ConcurrentQueue(lock_free=True, maxsize=5), x, x)
        ConcurrentQueue(x, x, maxsize=x)
        """,
        QUEUE_NEVER_WAITS,
        QUEUE_MAY_WAIT + SHUTDOWN,
    ),
    "IntervalLock": of(
        """
        IntervalLock()
        IntervalLock(x)
        """,
        SHARED
        + """
        o.interval
        setattr(o, "interval", x)
        o.waiters
        o.acquire(True, x)
        o.acquire(timeout=x)
        o.acquire(False)
        o.locked()
        o._is_owned()
        o.__exit__(x, x, x)
        """,
        """
        (o.lock(), o.unlock())
        (o.acquire(), o.release())
        (o.lock(), o.cede(), o.poll(), o.unlock())
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
    "LocalWrapper": of(
        "LocalWrapper(x)",
        # An attribute of the wrapper itself would be that of the object.
        "o.wrapped\nstep(LocalWrapper.__aexit__(o, x, x, x))\n"
        + "".join(f"LocalWrapper.__{call}\n" for call in WRAPPER_CALLS),
    ),
    "ProcessSemaphore": of(
        """
        ProcessSemaphore(1)
        ProcessSemaphore(x)
        """,
        SHARED
        + """
        o.acquire_sync(True, x)
        o.acquire_sync(timeout=x)
        o.try_acquire()
        o.release()
        o.locked()
        o.value
        step(o.acquire())
        step(o.__aenter__())
        o.__exit__(x, x, x)
        step(o.__aexit__(x, x, x))
        """,
        """
        (o.acquire_sync(), o.release())
        (o.__enter__(), o.__exit__(x, x, x))
        """,
    ),
    "RWLock": of(
        "RWLock()",
        SHARED
        + """
        o.unlock_read()
        o.unlock_write()
        o.release_read()
        o.release_write()
        o.downgrade()
        o.acquire_read(True, x)
        o.acquire_write(True, x)
        o.acquire_read(timeout=x)
        o.acquire_write(timeout=x)
        o.read()
        o.write()
        o.readers()
        o.writers_waiting()
        o.writer_locked()
        """,
        """
        (o.lock_read(), o.unlock_read())
        (o.lock_write(), o.downgrade(), o.release_read())
        """,
    ),
    "RWReadContext": of(
        """
        RWLock().read()
        RWReadContext(RWLock())
        """,
        REFUSED + TEXT + "o.__exit__(x, x, x)",
        "(o.__enter__(), o.__exit__(x, x, x))",
    ),
    "RWWriteContext": of(
        """
        RWLock().write()
        RWWriteContext(RWLock())
        """,
        REFUSED + TEXT + "o.__exit__(x, x, x)",
        "(o.__enter__(), o.__exit__(x, x, x))",
    ),
    "StdConcurrentLifoQueue": of(
        STD_MAKE.format("StdConcurrentLifoQueue"), STD_NEVER_WAITS, STD_MAY_WAIT
    ),
    "StdConcurrentPriorityQueue": of(
        STD_MAKE.format("StdConcurrentPriorityQueue"), STD_NEVER_WAITS, STD_MAY_WAIT
    ),
    "StdConcurrentQueue": of(STD_MAKE.format("StdConcurrentQueue"), STD_NEVER_WAITS, STD_MAY_WAIT),
    # Iterators
    "BatchExecutorIterator": of(
        "iter(BatchExecutor(x, 3))", "o.__iter__()", "[o.__next__() for _ in range(4)]"
    ),
    "ConcurrentDequeIterator": of(
        """
        iter(ConcurrentDeque([x, x]))
        reversed(ConcurrentDeque([x, x]))
        """,
        """
        o.__iter__()
        o.__next__()
        o.__length_hint__()
        """,
    ),
    "ConcurrentDictIterator": of(
        "iter(ConcurrentDict(2, {x: x}))",
        """
        o.__iter__()
        o.__next__()
        """,
    ),
    "ConcurrentGatheringReader": of(
        """
        gathered(ConcurrentGatheringIterator(), x, x).iterator(1, True, x)
        gathered(ConcurrentGatheringIterator(), x, x).iterator_local(1, False, x)
        """,
        """
        o.__iter__()
        o.close()
        o.__next__()
        """,
    ),
    "ConcurrentQueueIterator": of(
        "iter(filled(ConcurrentQueue(maxsize=5), x, x))", ITERATION, "o.__next__()"
    ),
    "StdOrderedQueueIterator": of(
        "iter(filled(StdConcurrentPriorityQueue(5), x, x))", ITERATION, "o.__next__()"
    ),
    "Coroutine": of(
        """
        filled(ConcurrentQueue(maxsize=5), x, x).put_async(x, x)
        filled(StdConcurrentPriorityQueue(maxsize=5), x, x).put_async(x, x)
        ConcurrentQueue().get_async()
        """,
        TEXT
        + """
        o.__await__()
        o.__iter__()
        o.__next__()
        o.send(None)
        o.send(x)
        o.throw(x)
        o.throw(ValueError(x))
        o.close()
        """,
    ),
}

# What the lines may name, apart from `o` and `x`.
NAMES: dict[str, Any] = {
    **{name: getattr(ft_utils, name) for name in ft_utils.__all__},
    "operator": operator,
    "step": step,
}


def named(function: Callable) -> Callable:
    NAMES[function.__name__] = function
    return function


@named
def filled(q: Any, *items: object) -> Any:
    for item in items:
        q.push(item)
    return q


@named
def gathered(it: Any, *values: object) -> Any:
    for key, value in enumerate(values):
        it.insert(key, value)
    return it


@functools.cache
def function(line: str) -> Callable[[object, object], object]:
    """What a line does, as a function of `o` and `x`."""
    return eval(f"lambda o, x: {line}", NAMES)


def make(name: str, x: object) -> Any:
    """An object of a class, with `x` in it if it can hold that."""
    return function(OPERATIONS[name].make[0])(None, x)


# What an operation may end with: misuse, and what it does not find.
ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopAsyncIteration,
    StopIteration,
    TimeoutError,
    TypeError,
    ValueError,
    ft_utils.Empty,
    ft_utils.Full,
    ft_utils.ShutDown,
)


def use(name: str, o: object) -> None:
    """Do everything that does not wait."""
    for line in OPERATIONS[name].never_waits:
        with contextlib.suppress(ERRORS):
            function(line)(o, Imp())
