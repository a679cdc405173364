"""The benchmarks: each cell does what it says, with our library and with the standard one.

Nothing is measured here. The other libraries are only there when `cargo xtask bench` runs.
"""

import ast
import re
import sys

import pytest
from helpers.places import BINDINGS, ROOT

sys.path.insert(0, str(BINDINGS))

from benchmarks import goals, report, timing, train
from benchmarks.__main__ import choose
from benchmarks.cell import (
    COLUMNS,
    CULSANS,
    HANDLE,
    LIBRARIES,
    OURS,
    PYSYNC,
    REFERENCE,
    STD,
    Cell,
    loop,
    same,
)
from benchmarks.cells import CELLS, executors
from benchmarks.run import Bench, Figure, Key, ratio
from benchmarks.worker import DISTRIBUTIONS

pytestmark = pytest.mark.thread_unsafe(reason="starts threads, switches the collector off")

HERE = ("ours", "std")


@pytest.fixture(scope="module", autouse=True)
def _no_thread_stays():
    yield
    executors.end()


@pytest.mark.parametrize("name", CELLS)
def test_cell(name):
    cell = CELLS[name]
    # Many threads do what two do.
    for threads in [count for count in cell.threads if count <= 4]:
        for column in cell.ways:
            if COLUMNS[column].library in HERE:
                n = min(cell.step, cell.most) * 2
                times = timing.once(cell, column, threads, n)
                assert len(times) == threads, column
                assert all(start < end for start, end in times), column


def test_the_compiler_learns_from_all_cells_of_ours(monkeypatch):
    ran = set()

    def once(cell, column, threads, n):
        assert 0 < n <= cell.most
        assert n % cell.step == 0
        ran.add((cell.name, column))
        return timing_once(cell, column, threads, cell.step)

    timing_once = timing.once
    monkeypatch.setattr(timing, "once", once)
    train.main()
    assert ran == {
        (cell.name, column)
        for cell in CELLS.values()
        for column in cell.ways
        if column.startswith("ours")
    }


def test_other_libraries_have_code_that_compiles():
    for cell in CELLS.values():
        for column, way in cell.ways.items():
            compile(way.setup, cell.name, "exec")
            for code in way.loops:
                timing.compiled(way, column, code, ("x", "n"))


def test_other_libraries_are_known_everywhere():
    others = set(LIBRARIES) - set(HERE)
    in_cells = {COLUMNS[column].library for cell in CELLS.values() for column in cell.ways}
    assert in_cells == set(LIBRARIES)
    assert set(DISTRIBUTIONS) == others | {"ours"}

    pins = (ROOT / "py-bindings/requirements-bench.txt").read_text()
    pinned = {line.partition("==")[0] for line in pins.splitlines() if "==" in line}
    source = (ROOT / "xtask/src/measurements/bench.rs").read_text()
    peers = re.search(r"const PEERS.*?;\n\n", source, re.DOTALL).group()
    installed = dict(re.findall(r'\("([\w-]+)", "(\w+)"\)', peers))
    assert {*installed} | {"matplotlib"} == pinned
    assert set(installed.values()) == others
    for distribution, library in installed.items():
        assert DISTRIBUTIONS[library][1].replace("_", "-") == distribution

    plot = ast.parse((ROOT / "py-bindings/benchmarks/plot.py").read_text())
    (colors,) = (
        ast.literal_eval(statement.value)
        for statement in plot.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "_COLORS"
    )
    assert set(colors) == set(LIBRARIES)
    assert len(set(colors.values())) == len(colors)


# The operations that the threads of the next test did.
DONE: list[tuple[int, int, int]] = []


def test_a_loop_does_all_operations():
    setup = f"from {__name__} import DONE as x"
    first, second = loop("x.append((me, n, 1))"), loop("x.append((me, n, 2))")
    cell = Cell("it", same((STD,), setup, first, second))
    for threads, expected in [
        (1, [(0, 5, 1)] * 5),
        (3, [(0, 5, 1)] * 5 + [(1, 5, 2)] * 5 + [(2, 5, 1)] * 5),
    ]:
        DONE.clear()
        timing.once(cell, STD, threads, 5)
        assert sorted(DONE) == expected


def test_a_coroutine_is_run_to_its_end():
    setup = f"from {__name__} import DONE as x\nfrom {__name__} import nothing"
    DONE.clear()
    timing.once(Cell("it", same((STD,), setup, loop("await nothing(); x.append(n)"))), STD, 1, 3)
    assert DONE == [3, 3, 3]


async def nothing():
    pass


def test_an_error_in_one_thread_ends_the_others():
    cell = Cell("it", same((STD,), "x = 0", "pass", "1 / 0"))
    with pytest.raises(ZeroDivisionError):
        timing.once(cell, STD, 2, 1)
    cell = Cell("it", same((STD,), "x = 0", "pass", prepare="1 / me"))
    with pytest.raises(ZeroDivisionError):
        timing.once(cell, STD, 2, 1)


def test_number_of_operations():
    cell = Cell("it", same((STD,), "x = 0", loop("pass")), step=10, most=95)
    assert timing.operations(cell, STD, 1) == 90
    cell = Cell("it", same((STD,), "x = 0", loop("pass")), step=7)
    assert timing.operations(cell, STD, 1) % 7 == 0


def test_goals_name_cells_and_columns():
    names = set()
    for goal in goals.goals():
        assert (goal.faster is None) != (goal.cost is None), goal
        assert goal.pairs, goal
        for ours, others in goal.pairs:
            for key in (ours, *others):
                assert key.column in CELLS[key.cell].ways, key
                assert key.threads in CELLS[key.cell].threads, key
        names.add((goal.row, goal.what))
    assert len(names) == len(list(goals.goals()))


def run_empty_loop(sites, at_start=lambda bench: None):
    bench = Bench(sys.executable, sites)
    bench.run([CELLS["empty loop"]], [1], 2, 1, lambda where, cell: at_start(bench))
    return bench


def test_what_is_not_installed_is_missing(tmp_path, capfd):
    (tmp_path / "cereggii.py").touch()
    bench = run_empty_loop({"cereggii": str(tmp_path), "reference": str(tmp_path)})
    # One is a module without a version, the other is not there.
    assert {"reference", "cereggii"} <= set(bench.missing)
    figure = bench.figures[Key("empty loop", STD)]
    assert len(figure.ns) == 2
    assert 0 < figure.median < 100_000
    assert "PackageNotFoundError" in capfd.readouterr().err


def test_a_crash_is_shown_and_the_next_cell_goes_on():
    def crash(bench):
        for worker in bench.workers.values():
            worker.kill()

    bench = run_empty_loop({}, crash)
    figure = bench.figures[Key("empty loop", STD)]
    assert figure.error.startswith("crashed")
    rows = report.table(bench.figures, [CELLS["empty loop"]])
    assert "crashed" in rows[1]


def figures(**ns):
    cell = "int: x.get()"
    keys = {"ours": OURS, "handle": HANDLE, "reference": REFERENCE, "pysync": PYSYNC}
    return {Key(cell, keys[name]): Figure(1, list(values)) for name, values in ns.items()}


def test_ratio_is_the_median_within_rounds():
    one = (Key("int: x.get()", OURS),)
    others = (Key("int: x.get()", REFERENCE),)
    both = figures(ours=[10, 20, 30], reference=[20, 20, 90])
    assert ratio(both, others, one) == (2, 1.5, 2.5)
    assert ratio(figures(ours=[10]), others, one) is None


def test_goals_are_judged():
    rows = report.reached(figures(ours=[10.0], reference=[9.0]))
    assert [row[-1] for row in rows[1:]] == ["missed by 10%"]
    rows = report.reached(figures(ours=[10.0], reference=[10.1]))
    assert [row[-1] for row in rows[1:]] == ["reached"]
    assert "0.90" in report.missed(figures(ours=[10.0], reference=[9.0]))[0]


def test_tables():
    some = figures(ours=[10.0], handle=[8.0], reference=[16.0])
    rows = report.table(some, [CELLS["int: x.get()"]])
    assert rows[1][-2:] == ["2.00", "2.00-2.00"]
    text = report.plain(rows)
    assert re.search(r"int: x.get\(\) +1 +10 +8.0 +16 +2.00", text), text
    # No column without a figure.
    assert "cereggii" not in text


def test_other_libraries_count():
    some = figures(ours=[10.0], reference=[16.0], pysync=[9.0])
    (head, row) = report.table(some, [CELLS["int: x.get()"]])
    assert row[head.index(PYSYNC)] == "9.0"
    assert row[-2] == "0.90"


def measured():
    """A run, as it would be on another machine."""
    bench = Bench(sys.executable, {"ours": "", "pysync": ""})
    bench.interpreter = "CPython 3.99.0, free-threaded"
    bench.versions = {"std": "3.99.0", "ours": "7.0", "pysync": "8.0"}
    bench.missing = ["culsans"]
    cell, only_ours = "int: x.get()", "int: x + 3"
    bench.figures = figures(ours=[10.0, 10.0], pysync=[20.0, 30.0])
    bench.figures[Key(cell, OURS, 2)] = Figure(1, [10.0, 10.0])
    bench.figures[Key(cell, HANDLE, 2)] = Figure(1, [5.0, 5.0])
    bench.figures[Key(cell, REFERENCE, 2)] = Figure(1, [15.0, 15.0])
    bench.figures[Key(only_ours, OURS)] = Figure(1, [10.0])
    return bench, [CELLS[cell], CELLS[only_ours]]


def test_pages():
    bench, cells = measured()
    page = report.markdown(bench, cells, 1, {})
    summary = report.summary(bench, cells)
    for text in (page, summary):
        assert "- interpreter: CPython 3.99.0, free-threaded\n" in text
        assert "ft_utils (ours) 7.0, pysync-nogil 8.0\n" in text
        assert "- could not be installed: culsans\n" in text
    # A column for a library that was measured, and for no other.
    assert (
        "| cell | threads | ours | ours, handle | reference | pysync | ratio | quartiles |" in page
    )
    assert not re.search(rf"\| {CULSANS} \|", page)


def test_summary():
    text = report.summary(*measured())
    assert "2 rounds" in text
    assert text.endswith(
        """\
| cell | 1 thread | 2 threads |
|---|---:|---:|
| int: x.get() | 2.50 (pysync) | 3.00 (reference) |
"""
    )


def test_cells_by_pattern():
    assert choose("int: *") == [cell for cell in CELLS.values() if cell.name.startswith("int: ")]
    assert CELLS["shared dict: hot get"] in choose("HOT")
    assert choose("nothing of the kind") == []
    # In the order of the cells.
    assert choose("executor: *", "dict: *") == choose("dict: *") + choose("executor: *")
    assert choose("") == list(CELLS.values())
