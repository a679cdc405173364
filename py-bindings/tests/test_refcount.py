"""`refcount.rs` counts references as `Py_IncRef` and `Py_DecRef` of the interpreter do.

It does without a call what Python's headers do where the builds without the GIL are concerned. So
each step here is done twice, by it and by those functions, to two objects that are made alike; all
that they count with in the object's header must be the same after each step, and both objects must
die at the same step, in the same thread. The extension is in `tests/references`.
"""

import gc
import importlib.machinery
import importlib.util
import itertools
import platform
import shutil
import sys
import sysconfig
import threading
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest
from support import (
    FREE_THREADED,
    LONG,
    VERY_LONG,
    Task,
    Thing,
    built_extension,
    run_threads,
    wait_until,
)

pytestmark = [
    pytest.mark.skipif(not FREE_THREADED, reason="with a GIL, PyO3's functions are used"),
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.thread_unsafe(reason="other threads could take the place of one that is over"),
    pytest.mark.timeout(VERY_LONG),
]

# The collector alone frees an object that is counted so.
needs_defer = pytest.mark.skipif(sys.version_info < (3, 14), reason="3.14 brings it")

# What `ob_ref_local` of an immortal object is, and the flags in `ob_ref_shared` of one that its
# thread is to see to.
IMMORTAL = 2**32 - 1
QUEUED = 2


@pytest.fixture(scope="module")
def ext() -> ModuleType:
    path = str(built_extension("ft-references-extension"))
    loader = importlib.machinery.ExtensionFileLoader("ft_references_extension", path)
    spec = importlib.machinery.ModuleSpec("ft_references_extension", loader, origin=path)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Made:
    """An object whose one reference the test owns, and is to give up."""

    def __init__(self, ext: ModuleType, how: str) -> None:
        # In which threads it died.
        self.deaths: list[int] = []
        deaths = self.deaths
        thing = Thing(lambda: deaths.append(threading.get_ident()))
        if how == "weakly":
            self.weak = weakref.ref(thing)
        elif how == "deferred":
            assert ext.defer(thing)
        self.address = id(thing)
        ext.count(self.address, "+", False, deaths)


class Owner:
    """A thread that makes objects, and then waits until the end of the block.

    It runs no bytecode there, where the interpreter would have it see to its objects. While it is
    detached, another thread may do that on its behalf; in a call that computes something, none may.
    """

    def __init__(self, ext: ModuleType, how: str, *, attached: bool, number: int = 2) -> None:
        self.made: list[Made] = []
        leave, may_end, ready = ext.Leave(), threading.Lock(), threading.Event()
        self._leave, self._may_end = leave, may_end
        may_end.acquire()

        def work() -> None:
            self.made += [Made(ext, how) for _ in range(number)]
            ready.set()
            if attached:
                assert leave.stay_attached(LONG)
            else:
                assert may_end.acquire(timeout=LONG)

        self._task = Task(work)
        assert ready.wait(LONG)
        if not attached:
            self._task.until_asleep()

    def end(self) -> None:
        """Let it go on, and end."""
        if not self._task.is_done():
            self._leave.give()
            self._may_end.release()
        self._task.result()

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()


@pytest.fixture(autouse=True)
def _no_collections() -> Iterator[None]:
    """Keep the collector from stopping the threads that stay attached here."""
    gc.disable()
    yield
    gc.enable()


def test_counts_inline_where_it_can(ext):
    known = (3, 13) <= sys.version_info[:2] <= (3, 15)
    linux = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    debug = bool(sysconfig.get_config_var("Py_DEBUG"))
    assert ext.COUNTS_INLINE is (known and linux and not debug)


def states(trace: list, me: int) -> set[str]:
    """What there was to see of an object in some of the steps."""
    found = set()
    for tid, local, shared in filter(None, trace):
        whose = {0: "nobody's", me: "own"}.get(tid, "theirs")
        found.add("immortal" if local == IMMORTAL else whose)
        found |= {("", "weakly", "queued", "merged")[shared & 3]} - {""}
        if shared >> 2 > 2**40:
            found.add("deferred")
        elif shared >> 2:
            found.add("shared" if shared > 0 else "negative")
    return found


def thread_id(ext: ModuleType) -> int:
    """The `ob_tid` of what this thread makes."""
    thing = object()
    ((tid, _, _),) = ext.count(id(thing), "", False, [])
    return tid


# How it is made, what is done to it (see `count` in the extension), what is seen meanwhile, and
# whether it dies at the last step, or later: when this thread runs bytecode again.
OWN = [
    ("plain", "-", {"own"}, "at once"),
    ("plain", "+-++---", {"own"}, "at once"),
    ("weakly", "+-++---", {"own", "weakly"}, "at once"),
    # Others have some of the references.
    ("plain", "<+-<->+-", {"own", "shared", "nobody's", "merged"}, None),
    ("plain", "<+->-", {"own", "shared"}, "at once"),
    ("weakly", "<+->-", {"own", "weakly", "shared"}, "at once"),
    # What others have given up is for its own thread to count.
    ("plain", "+>+-++--", {"own", "queued"}, None),
    ("plain", "+>-", {"own", "queued"}, "later"),
    ("plain", ">", {"own", "queued"}, "later"),
    ("weakly", "+>-", {"own", "weakly", "queued"}, "later"),
    ("plain", "+++>>>+--", {"own", "queued", "negative"}, "later"),
    ("plain", "++>>+-<", {"own", "queued", "negative"}, None),
    # Nobody's: all count in the same place.
    ("plain", "<-+-++---", {"own", "shared", "nobody's", "merged"}, "at once"),
    ("plain", "<-+<>-+--", {"own", "shared", "nobody's", "merged"}, "at once"),
    ("weakly", "<-++--<>-", {"own", "weakly", "shared", "nobody's", "merged"}, "at once"),
    # So many references that the count is full: it is immortal then.
    ("plain", "^-+", {"own"}, None),
    ("plain", "^++--+-1-", {"own", "immortal"}, "at once"),
    pytest.param("deferred", "+-++--", {"own", "deferred"}, None, marks=needs_defer),
    pytest.param("deferred", "+<->+-", {"own", "deferred"}, None, marks=needs_defer),
    pytest.param("deferred", "+>+-", {"own", "deferred"}, None, marks=needs_defer),
    pytest.param(
        "deferred",
        "<-+-++--",
        {"own", "deferred", "nobody's", "merged"},
        None,
        marks=needs_defer,
    ),
]


@pytest.mark.parametrize(("how", "steps", "seen", "dies"), OWN)
def test_own(ext, how, steps, seen, dies):
    real, inline = Made(ext, how), Made(ext, how)
    expected = ext.count(real.address, steps, False, real.deaths)
    if dies == "at once":
        assert expected[-1] is None and real.deaths
    trace = ext.count(inline.address, steps, True, inline.deaths)
    assert trace == expected
    assert states(trace, thread_id(ext)) == seen
    if dies is None:
        for made in (real, inline):
            assert not made.deaths
            let_go(ext, made, inline=made is inline)
    if dies == "later":
        assert trace[-1] is not None
        wait_until(lambda: real.deaths and inline.deaths)
    assert real.deaths == inline.deaths == [threading.get_ident()]


def total(ext: ModuleType, made: Made) -> int:
    """How many references there are."""
    ((_, local, shared),) = ext.count(made.address, "", False, made.deaths)
    return local + (shared >> 2)


def let_go(ext: ModuleType, made: Made, *, inline: bool) -> None:
    """Give up all references that are left, and see it die at the last one."""
    ((_, local, _),) = ext.count(made.address, "", False, made.deaths)
    if local > 2**31:
        ext.count(made.address, "1", inline, made.deaths)
    count = total(ext, made)
    if count > 2**40:
        # The collector sees that nobody refers to it, and not before.
        count -= DEFERRED
        ext.count(made.address, "-" * count, inline, made.deaths)
        assert not made.deaths
        gc.collect()
        assert made.deaths
        return
    trace = ext.count(made.address, "-" * count, inline, made.deaths)
    assert [each is None for each in trace] == [False] * count + [True]


# What stands for the references that are not counted: `_Py_REF_DEFERRED`.
DEFERRED = sys.maxsize // 8


# As above, in a thread that did not make it, while that which did is in a call.
OTHERS = [
    ("plain", "+-++--", {"theirs", "shared"}),
    ("weakly", "+-++--", {"theirs", "weakly", "shared"}),
    ("plain", "-", {"theirs", "queued"}),
    ("plain", "++---", {"theirs", "shared", "queued"}),
    ("weakly", "+--", {"theirs", "weakly", "shared", "queued"}),
    ("plain", "<->+", {"theirs", "shared", "queued"}),
    pytest.param("deferred", "+-++--", {"theirs", "deferred"}, marks=needs_defer),
]


@pytest.mark.parametrize(("how", "steps", "seen"), OTHERS)
def test_of_a_thread_in_a_call(ext, how, steps, seen):
    with Owner(ext, how, attached=True) as owner:
        real, inline = owner.made
        expected = ext.count(real.address, steps, False, real.deaths)
        trace = ext.count(inline.address, steps, True, inline.deaths)
        assert trace == expected
        assert states(trace, thread_id(ext)) == seen
        # What is queued is not freed before its own thread has seen to it.
        assert not real.deaths and not inline.deaths
    if steps.count("-") + steps.count(">") > steps.count("+") + steps.count("<"):
        assert len(real.deaths) == 1 and real.deaths == inline.deaths
        assert real.deaths != [threading.get_ident()]
    else:
        for made in owner.made:
            assert not made.deaths
            let_go(ext, made, inline=made is inline)


@pytest.mark.parametrize("how", ["plain", "weakly"])
@pytest.mark.parametrize(
    ("steps", "over"),
    [
        *itertools.product(["-", "+--", "+-++---"], [False, True]),
        # Not of one that is over: the thread that does this step may get its id, and be the owner.
        ("<--", False),
    ],
)
def test_of_a_thread(ext, how, steps, over):
    with Owner(ext, how, attached=False) as owner:
        if over:
            owner.end()
        real, inline = owner.made
        expected = ext.count(real.address, steps, False, real.deaths)
        trace = ext.count(inline.address, steps, True, inline.deaths)
        assert trace == expected
        assert real.deaths == inline.deaths
        # The newest versions do not wait for it either way.
        assert real.deaths == [threading.get_ident()] or not over
    assert len(real.deaths) == 1
    assert real.deaths == inline.deaths


@pytest.mark.parametrize("steps", ["+)+-", "++))+-", "++)-+"])
def test_merged_on_its_behalf(ext, steps):
    real, inline = Made(ext, "plain"), Made(ext, "plain")
    expected = ext.count(real.address, steps, False, real.deaths)
    assert ext.count(inline.address, steps, True, inline.deaths) == expected
    for made in (real, inline):
        assert not made.deaths
        let_go(ext, made, inline=made is inline)


@pytest.mark.parametrize("thing", [None, True, 5, (), "interned", int], ids=repr)
def test_immortal(ext, thing):
    steps = "+-<>-+--++"
    expected = ext.count(id(thing), steps, False, [])
    assert ext.count(id(thing), steps, True, []) == expected
    assert expected == [(0, IMMORTAL, 0)] * (len(steps) + 1)


@pytest.fixture(params=["own", "theirs", "over"])
def made(ext: ModuleType, request: pytest.FixtureRequest) -> Iterator[Made]:
    """An object of this thread, of one that waits, and of one that is over."""
    if request.param == "own":
        made = Made(ext, "plain")
        yield made
    else:
        with Owner(ext, "plain", attached=False, number=1) as owner:
            if request.param == "over":
                owner.end()
            (made,) = owner.made
            yield made
    wait_until(lambda: made.deaths)
    assert len(made.deaths) == 1


def give_up_the_last(ext: ModuleType, made: Made) -> None:
    ((tid, _, shared),) = ext.count(made.address, "", False, made.deaths)
    # What is queued for a thread that waits may stay so until it goes on.
    if shared & 3 != QUEUED or tid == thread_id(ext):
        wait_until(lambda: total(ext, made) == 1)
    assert not made.deaths
    ext.give_up(made.address, 1)


def test_many_threads_count_one(ext, made):
    # The one that made it too, if it is this one.
    tasks = [Task(ext.back_and_forth, made.address, 50_000) for _ in range(3)]
    for _ in range(50):
        ext.back_and_forth(made.address, 1000)
    for task in tasks:
        task.result()
    give_up_the_last(ext, made)


def test_one_adds_and_others_give_up(ext, made):
    times, threads = 2000, 3
    ext.add(made.address, times * threads)

    def give_up(_: int) -> None:
        for _ in range(times):
            ext.give_up(made.address, 1)

    task = Task(run_threads, threads, give_up)
    for _ in range(50):
        ext.back_and_forth(made.address, 100)
    task.result()
    give_up_the_last(ext, made)
