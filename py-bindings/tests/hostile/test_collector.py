"""Harm: the collector, cycles and deep nesting."""

import asyncio
import gc
import threading
import weakref

import pytest
from ft_utils.concurrency import ConcurrentCache, ConcurrentDict, ConcurrentQueue, ShutDown
from ft_utils.synchronization import Once
from helpers.limits import LONG
from helpers.loops import started
from helpers.objects import Thing, collected
from helpers.operations import OPERATIONS
from helpers.places import TESTS
from helpers.programs import run_python
from helpers.threads import Task
from queues.contents import drained

# Signals, the collector and reference counts belong to the process.
pytestmark = pytest.mark.thread_unsafe(reason="disturbs the whole process")

DEEP = 100_000


def test_collector_while_others_wait():
    q, full = ConcurrentQueue(), ConcurrentQueue(maxsize=1)
    spin, spin_full = ConcurrentQueue(lock_free=True), ConcurrentQueue(lock_free=True, maxsize=1)
    d, go = ConcurrentDict(), threading.Event()
    full.push(0)
    spin_full.push(0)
    waits = [
        q.pop,
        lambda: q.pop(LONG),
        lambda: q.pop_many(3),
        q.pop_local,
        lambda: next(iter(q)),
        lambda: full.push(1),
        lambda: full.push_many([1, 2]),
        spin.pop,
        lambda: spin_full.push(1),
    ]
    tasks = [Task(wait).until_asleep() for wait in waits]
    leader = Task(d.get_or_insert, "key", lambda: go.wait(LONG)).until_asleep()
    follower = Task(d.get_or_insert, "key", list).until_asleep()
    for _ in range(30):
        gc.collect()
    go.set()
    assert leader.result() is follower.result() is True
    for each in (q, full, spin, spin_full):
        each.shutdown(immediate=True)
    for task in tasks:
        with pytest.raises((ShutDown, StopIteration)):
            task.result()


def test_collector_meets_objects_in_the_making():
    # Python 3.11 and 3.12 run the collector while an instance gets its dict.
    run_python(
        "import gc\n"
        "from ft_utils import ConcurrentDict, ConcurrentQueue\n"
        "class Q(ConcurrentQueue): pass\n"
        "class D(ConcurrentDict): pass\n"
        "gc.set_threshold(1)\n"
        "for make in ConcurrentQueue, ConcurrentQueue().handle, Q, D, D().handle:\n"
        "    made = [make() for _ in range(500)]\n"
        "    again = [iter(each) for each in made]\n"
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_collector_meets_an_object_of_each_class_in_the_making(name):
    run_python(
        f"""
import contextlib, gc, sys, warnings
sys.path.insert(0, {str(TESTS)!r})
warnings.simplefilter("ignore")
from helpers.operations import ERRORS, OPERATIONS, Imp, function
line = OPERATIONS[{name!r}].make[0]
make = function(line)
again = function("o.handle()")
x = Imp()
make(None, x)
# While these live, the interpreter has no unused dicts, and makes new ones.
taken = [{{}} for _ in range(500)]
made = []
gc.set_threshold(1, 1000, 1000)
for n in range(40):
    # So the collection falls on each object in turn.
    made.append([[] for _ in range(n % 4)])
    made.append(make(None, x))
    with contextlib.suppress(*ERRORS):
        made.append(again(made[-1], x))
gc.set_threshold(1000)
"""
    )


@pytest.mark.parametrize("make", [ConcurrentQueue, ConcurrentDict])
def test_resurrection(make):
    saved = []

    class Phoenix(make):
        def __del__(self):
            saved.append(self)

    one = Phoenix()
    if make is ConcurrentDict:
        one[1] = one
    else:
        one.push(one)
    one = weakref.ref(one)
    assert not collected(one) or saved
    assert len(saved) == 1
    back = saved.pop()
    if make is ConcurrentDict:
        back["still"] = "works"
        assert back["still"] == "works"
        back.clear()
    else:
        back.push("works")
        assert drained(back)[-1] == "works"


def test_cycle_through_handles_and_iterators():
    class Owner(ConcurrentDict):
        pass

    for make in (Owner, ConcurrentQueue):
        one = make()
        one.own_handle = one.handle()
        one.own_iterator = iter(one)
        if make is Owner:
            one["handle"] = one.handle()
            one["iterator"] = iter(one.handle())
        else:
            one.push(one.handle())
            one.push(iter(one.handle()))
        one = weakref.ref(one)
        assert collected(one)


def by_once(_, function):
    return Once(function).call_async


def by_dict(key, function):
    d = ConcurrentDict()
    return lambda: d.get_or_insert_async(key, function)


def by_cache(key, function):
    cache = ConcurrentCache(3)
    return lambda: cache.get_or_compute_async(key, function)


def by_cache_with_old_value(value, function):
    now = [0.0]
    cache = ConcurrentCache(3, ttl=10, stale=10, timer=lambda: now[0])
    cache["key"] = value
    now[0] = 12.0
    return lambda: cache.get_or_compute_async("key", function)


@pytest.mark.parametrize(
    ("by", "tasks"),
    # The first task makes the value, and the second one waits for it.
    [(by_once, 2), (by_dict, 2), (by_cache, 2), (by_cache_with_old_value, 1)],
)
def test_tasks_of_a_forgotten_loop_are_collected(by, tasks):
    """What the tasks wait for, or have, leads to them."""

    def forgotten():
        loop, owner = asyncio.new_event_loop(), Thing()
        # It would be told that tasks are destroyed while they wait.
        loop.set_exception_handler(lambda *_: None)

        async def never():
            owner.future = asyncio.get_running_loop().create_future()
            await owner.future

        ask = by(owner, never)

        async def main():
            owner.tasks = await started(*(ask() for _ in range(tasks)), rounds=5)

        loop.run_until_complete(main())
        loop.close()
        return weakref.ref(owner)

    assert collected(forgotten())


@pytest.mark.parametrize(
    "nest",
    [
        "y = ConcurrentQueue(); y.push(x)",
        "y = ConcurrentDict(2); y[1] = x",
        "y = ConcurrentDict(2); y[1] = x; y = y.handle()",
        "y = ConcurrentDict(2); y[1] = [x]",
        "y = iter(ConcurrentDict(2, {1: x}).values())",
        "y = ConcurrentGatheringIterator(1); y.insert(1, x)",
        "y = StdConcurrentQueue(); y.put(x)",
        "y = StdConcurrentLifoQueue(); y.put(x)",
        "y = StdConcurrentPriorityQueue(); y.put(x)",
        "y = ConcurrentDeque([x])",
        "y = ConcurrentSet([AtomicReference(x)])",
        "y = AtomicReference(x)",
        "y = BatchExecutor((x,).__len__, 1)",
        "y = LocalWrapper(ConcurrentDeque([x]).handle())",
        "y = ConcurrentQueue().push_async(x)",
    ],
)
def test_deep_nesting(nest):
    run_python(
        "from ft_utils import *\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "x = None\n"
        f"for _ in range({DEEP}): {nest}; x = y\n"
        "del x, y\n"
    )


@pytest.mark.parametrize(
    "make",
    [
        "d[0] = last",
        "d[0] = [last]",
        "d[0] = ConcurrentDeque([last])",
        "d[0] = AtomicReference(last)",
    ],
)
def test_comparison_and_text_of_what_is_deeply_nested(make):
    run_python(
        f"""
from ft_utils import *
def nested():
    last = None
    for _ in range(10_000):
        d = ConcurrentDict()
        {make}
        last = d
    return last
a, b = nested(), nested()
for call in (lambda: a == b, lambda: a != b, lambda: repr(a)):
    try:
        call()
        # References compare by identity.
        assert isinstance(a[0], AtomicReference)
    except RecursionError:
        pass
c, d = ConcurrentDict(), ConcurrentDict()
c[0], d[0] = c, d
try:
    c == d
except RecursionError:
    pass
else:
    raise AssertionError
assert repr(c) == "ConcurrentDict({{0: ConcurrentDict({{...}})}})"
"""
    )
