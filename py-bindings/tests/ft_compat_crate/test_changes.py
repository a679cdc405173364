"""The crate ft-compat: changes of a Protected by several threads."""

import shutil

import pytest
from helpers.limits import VERY_LONG
from helpers.threads import Task, run_threads

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.timeout(VERY_LONG),
]


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
