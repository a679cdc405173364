"""The crate ft-compat, in an extension that is built with it, as its users build theirs.

The extension is in `crates/ft-compat/tests/extension`. The examples of the crate's docs are part
of it, so that they run here.
"""

import decimal
import gc
import os
import shutil
import sys
import sysconfig
import threading
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support import (
    ASLEEP,
    FREE_THREADED,
    LONG,
    VERY_LONG,
    Task,
    Thing,
    built_extension,
    collected,
    run_python,
    run_threads,
    wait_until,
)

IS_BUILT_FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


@pytest.fixture(scope="session")
def library() -> Path:
    """Build the extension for this interpreter."""
    return built_extension("ft-compat-extension")


# Also part of the programs that run in a process of their own.
LOAD = """
import importlib.machinery, importlib.util
def load(path):
    loader = importlib.machinery.ExtensionFileLoader("ft_compat_extension", path)
    spec = importlib.util.spec_from_file_location("ft_compat_extension", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
"""


@pytest.fixture(scope="session")
def ext(library: Path) -> ModuleType:
    """Import the extension."""
    names: dict[str, Any] = {}
    exec(LOAD, names)
    return names["load"](str(library))


class Node:
    """An object that can be in a cycle."""


# What the build is for


def test_build(ext):
    major, minor, *_ = sys.version_info
    free_threaded = str(IS_BUILT_FREE_THREADED).lower()
    assert ext.TARGET == (
        f"Target {{ free_threaded: {free_threaded}, limited_api: false, "
        f"version: ({major}, {minor}) }}"
    )
    assert ext.FREE_THREADED is ext.PY_GIL_DISABLED is IS_BUILT_FREE_THREADED
    assert ext.PY_3_11 is True
    assert ext.PY_3_12 is (sys.version_info >= (3, 12))
    assert ext.PY_3_13 is (sys.version_info >= (3, 13))


def test_gil_stays_off(ext):
    assert FREE_THREADED is IS_BUILT_FREE_THREADED
    if IS_BUILT_FREE_THREADED:
        assert not sys._is_gil_enabled()


# Protected


def test_cell(ext):
    one, two, three = object(), object(), object()
    cell = ext.Cell(one)
    assert cell.get() is one
    cell.set(two)
    assert cell.replace(three) is two
    assert cell.update(lambda value: (value, one)) is three
    assert cell.get() == (three, one)
    assert cell.take() == (three, one)
    assert cell.get() is None and cell.take() is None


def test_update_that_fails(ext):
    cell = ext.Cell(1)
    with pytest.raises(ZeroDivisionError):
        cell.update(lambda value: value / 0)
    assert cell.get() == 1


def test_exchange(ext):
    same = object()
    cell = ext.Cell(same)
    cell.exchange("new", lambda: cell.get())
    assert cell.get() == "new"
    cell.set(same)
    # The same object, but stored again.
    for value in ("other", same):
        cell.set(same)
        with pytest.raises(RuntimeError, match="changed by somebody else"):
            cell.exchange("late", lambda value=value: cell.set(value))
        assert cell.get() is value


def test_snapshot_stays(ext):
    old = object()
    cell = ext.Cell(old)
    assert cell.with_snapshot(lambda: cell.set("new")) is old
    assert cell.get() == "new"


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: cell.set("new"),
        lambda cell: cell.replace("new"),
        lambda cell: cell.update(lambda _: "new"),
        lambda cell: cell.exchange("new", lambda: None),
    ],
)
def test_old_value_may_use_the_cell_when_it_dies(ext, change):
    cell, seen = ext.Cell(None), []

    def die() -> None:
        seen.append(cell.get())
        cell.set("last")
        seen.append(cell.update(lambda value: value + "!"))

    cell.set(Thing(die))
    change(cell)
    # What it saw is what replaced it, so it died after that.
    assert seen == ["new", "last"]
    assert cell.get() == "last!"


def test_refused_value_may_use_the_cell_when_it_dies(ext):
    cell, seen = ext.Cell(0), []
    values = [Thing(lambda: seen.append(cell.get())), "second"]
    theirs = threading.Thread(target=cell.set, args=("theirs",))

    def change(value: object) -> object:
        if len(values) == 2:
            theirs.start()
            theirs.join(LONG)
        return values.pop(0)

    cell.update(change)
    assert seen == ["theirs"] and cell.get() == "second"


def test_change_of_another_thread_is_not_lost(ext):
    cell, seen = ext.Cell(["first"]), []

    def change(value: list) -> list:
        seen.append(value)
        if len(seen) == 1:
            Task(cell.update, lambda value: [*value, "theirs"]).result()
        return [*value, "ours"]

    assert cell.update(change) == ["first", "theirs"]
    assert cell.get() == ["first", "theirs", "ours"]
    assert seen == [["first"], ["first", "theirs"]]


def test_changes_within_a_change_are_replaced(ext):
    cell, seen = ext.Cell("first"), []

    def change(value: str) -> str:
        seen.append(value)
        cell.set("within")
        cell.update(lambda value: value + "!")
        return "last"

    assert cell.update(change) == "within!"
    assert seen == ["first"] and cell.get() == "last"


@pytest.mark.parametrize("theirs_first", [True, False])
def test_changes_within_and_elsewhere(ext, theirs_first):
    cell, seen = ext.Cell(0), []

    def change(value: int) -> int:
        seen.append(value)
        turns = [lambda: cell.set("ours"), lambda: Task(cell.set, "theirs").result()]
        if len(seen) > 1:
            turns.pop()
        elif theirs_first:
            turns.reverse()
        for turn in turns:
            turn()
        return len(seen)

    cell.update(change)
    assert seen == [0, "ours" if theirs_first else "theirs"]
    assert cell.get() == 2


def test_numbers_add_up(ext):
    number, threads, times = ext.Number(), 4, 100
    run_threads(threads, lambda _: number.add(times))
    # Code that runs nothing of Python keeps the others out, so it is never called again.
    assert number.get() == (threads * times, 0)


def test_numbers_add_up_with_others_in_between(ext):
    number, threads, times = ext.Number(), 4, 300
    run_threads(threads, lambda _: number.add_detaching(times))
    assert number.get()[0] == threads * times


def test_python_updates_add_up(ext):
    cell, threads, times = ext.Cell(0), 4, 300

    def work(_: int) -> None:
        for _ in range(times):
            cell.update(lambda value: value + 1)

    run_threads(threads, work)
    assert cell.get() == threads * times


def test_two_cells_in_opposite_order(ext):
    cells = ext.Cell([]), ext.Cell([])
    both_are_in = threading.Barrier(2)

    def work(index: int) -> None:
        attempts = 0

        def outer(value: list) -> list:
            nonlocal attempts
            attempts += 1
            if attempts == 1:
                both_are_in.wait(LONG)
            cells[1 - index].update(lambda value: [*value, "inner"])
            return [*value, "outer"]

        cells[index].update(outer)

    for _ in range(50):
        run_threads(2, work)
    for cell in cells:
        # Nothing is lost, also not what was done within the other one's.
        assert cell.get().count("outer") == 50
        assert cell.get().count("inner") >= 50


def test_update_may_wait_for_another_thread_that_uses_the_cell(ext):
    cell = ext.Cell(0)
    # Were it locked meanwhile, it would never become free.
    cell.update(lambda value: Task(cell.get).result() + 1)
    assert cell.get() == 1


def test_cycle_is_collected(ext):
    node = Node()
    node.cell = ext.Cell(node)
    reference = weakref.ref(node)
    del node
    assert collected(reference)


def test_cycle_with_a_snapshot_is_not_collected(ext):
    node = Node()
    node.cell = ext.Cell(node)
    kept = node.cell.keep()
    reference = weakref.ref(node)
    del node
    gc.collect()
    assert reference() is kept.get() is kept.get().cell.get()
    kept.release()
    assert collected(reference)


# RaceOnce


@pytest.fixture(params=["get_or_init", "get_or_try_init"])
def get(ext, request):
    """The two ways to get the value of a cell."""
    return getattr(ext.Once(), request.param)


@pytest.mark.thread_unsafe(reason="threads would share the cell")
def test_once(get):
    made = []

    def make() -> list:
        made.append([])
        return made[-1]

    assert get(make) is get(make)
    assert len(made) == 1


def test_once_that_fails(ext):
    once = ext.Once()
    with pytest.raises(ZeroDivisionError):
        once.get_or_try_init(lambda: 1 / 0)
    assert once.get_or_try_init(lambda: "value") == "value"


@pytest.mark.thread_unsafe(reason="threads would share the cell")
def test_once_within_itself(get):
    assert get(lambda: get(lambda: "inner") and "outer") == "inner"


def test_once_in_two_threads(get):
    both_are_in, late = threading.Barrier(2), []

    def make() -> Thing:
        # Neither waits for the other one to be done.
        both_are_in.wait(LONG)
        return Thing(lambda: late.append(get(object)))

    one, other = run_threads(2, lambda _: get(make))
    assert one is other
    # The one that was too late has died, after the cell was set.
    assert late == [one]
    late.clear()


# Waits


def test_gate(ext):
    gate = ext.Gate()
    assert gate.wait(0) is False
    assert gate.wait(timeout=1e-9) is False
    waiters = [Task(gate.wait, timeout).until_asleep() for timeout in (None, LONG, 1e300)]
    # Who waits attached would stop this.
    gc.collect()
    gate.open()
    assert [waiter.result() for waiter in waiters] == [True] * 3
    assert gate.wait() and gate.wait(0)


@pytest.mark.parametrize(
    ("timeout", "error"), [(-1, ValueError), (float("nan"), ValueError), ("1", TypeError)]
)
def test_bad_timeout(ext, timeout, error):
    with pytest.raises(error, match="timeout must"):
        ext.Gate().wait(timeout)


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends the process elsewhere")
@pytest.mark.parametrize("timeout", [None, 1000])
def test_interrupt_ends_a_wait(ext, library, timeout):
    out = run_python(
        f"""{LOAD}{ASLEEP}
import faulthandler, os, signal, sys, threading, time
faulthandler.dump_traceback_later(40, exit=True)
gate = load({str(library)!r}).Gate()
def interrupt(id=threading.get_native_id()):
    until_asleep(id)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    gate.wait({timeout})
except KeyboardInterrupt:
    print("interrupted", gate.wait(0))
"""
    )
    assert out == "interrupted False\n"


# The other examples of the docs


def test_account(ext):
    account = ext.Account(lambda account, balance: account.balance is not None)
    run_threads(4, lambda _: [account.deposit(1) for _ in range(200)] and None)
    assert account.balance == 800
    with pytest.raises(ValueError, match="not allowed"):
        ext.Account(lambda *_: False).deposit(1)
    check = Thing()
    check.__class__ = type("Check", (Thing,), {"__call__": lambda *_: True})
    check.account = ext.Account(check)
    reference = weakref.ref(check)
    del check
    assert collected(reference)


def test_mailbox(ext):
    mailbox, letters = ext.Mailbox(), [object(), object()]
    assert mailbox.take(0) is None and mailbox.take(timeout=1e-9) is None
    mailbox.put(letters[0])
    mailbox.put(letters[1])
    assert mailbox.take() is letters[1]
    takers = [Task(mailbox.take, timeout).until_asleep() for timeout in (None, LONG)]
    gc.collect()
    taken = set()
    for left in (1, 0):
        letter = object()
        mailbox.put(letter)
        wait_until(lambda left=left: sum(not taker.is_done() for taker in takers) == left)
        taken.add(letter)
    assert {taker.result() for taker in takers} == taken


@pytest.mark.thread_unsafe
def test_handlers(ext):
    seen: list = []

    def handler(event: object) -> None:
        seen.append(event)
        ext.add_handler(seen.append)

    ext.add_handler(handler)
    ext.fire(1)
    assert seen == [1]
    ext.fire(2)
    assert seen == [1, 2, 2]
    ext.clear_handlers()
    ext.fire(3)
    assert seen == [1, 2, 2]
    run_threads(4, lambda _: [ext.add_handler(seen.append) for _ in range(50)] and None)
    ext.fire(4)
    assert seen[3:] == [4] * 200
    ext.clear_handlers()


@pytest.mark.thread_unsafe
def test_memo(ext):
    calls: list = []

    def double(number: int) -> int:
        calls.append(number)
        return 2 * number

    def slow(number: int) -> int:
        assert Task(ext.memo, double, 7).result() == 14
        return double(number)

    assert ext.memo(double, 5) == ext.memo(double, 5) == 10
    assert ext.memo(slow, 6) == 12
    # Seven came later.
    assert ext.memo(double, 7) == 14
    assert calls == [5, 7, 6]


@pytest.mark.thread_unsafe
def test_sensor(ext):
    def record(index: int) -> None:
        for number in range(100):
            ext.record((index, number))

    run_threads(4, record)
    readings: list = []
    ext.drain(lambda reading: (readings.append(reading), ext.record(reading)))
    assert sorted(readings) == [(i, n) for i in range(4) for n in range(100)]
    again: list = []
    ext.drain(again.append)
    assert again == readings


def test_decimal(ext):
    assert ext.to_decimal(1999) == decimal.Decimal("19.99")


# Forks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork(ext, library):
    run_python(
        LOAD
        + f"""
import os, signal, sys, threading, warnings
warnings.simplefilter("ignore")
ext = load({str(library)!r})
cell, number, once, gate = ext.Cell(0), ext.Number(), ext.Once(), ext.Gate()
inside, never = threading.Semaphore(0), threading.Event()
def make():
    inside.release()
    never.wait()
def busy():
    inside.release()
    while True:
        number.add(10)
        cell.update(lambda value: value + 1)
def stuck(value):
    inside.release()
    never.wait()
for target, args in [
    (once.get_or_init, (make,)), (gate.wait, ()), (busy, ()), (busy, ()),
    (ext.Cell(0).update, (stuck,)),
]:
    threading.Thread(target=target, args=args, daemon=True).start()
for _ in range(4):
    inside.acquire()
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        try:
            before = number.get()[0]
            number.add(1)
            assert number.get()[0] == before + 1
            cell.set(1)
            cell.update(lambda value: value + 1)
            assert cell.get() == 2
            assert once.get_or_init(lambda: "value") == "value"
            assert gate.wait(0.001) is False
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
# Before 3.14, the interpreter's end unwinds daemon threads in Python code that an extension called.
os._exit(0)
"""
    )
