"""The crate ft-compat: Protected: its values, and locks within each other."""

import gc
import shutil
import threading
import weakref

import pytest
from helpers.limits import LONG, VERY_LONG
from helpers.objects import Thing, collected
from helpers.threads import Task, run_threads

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


class Node:
    """An object that can be in a cycle."""


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
