"""LocalWrapper, BatchExecutor."""

from collections.abc import Iterator

from benchmarks.cell import ALL, CEREGGII, OURS, REFERENCE, SCALING, STD, Cell, loop, same

POINT = """\
class Point:
    def __init__(self):
        self.left = 1
    def method(self):
        pass
"""


def cells() -> Iterator[Cell]:
    for name, wrapped, statement in [
        ("method call", "dict(a=1)", 'x.get("a")'),
        ("Python method call", "Point()", "x.method()"),
        ("attribute", "Point()", "x.left"),
        ("item", "dict(a=1)", 'x["a"]'),
        ("set item", "dict(a=1)", 'x["a"] = 5'),
        ("len", "[1]", "len(x)"),
        ("call", "int", "x()"),
    ]:
        setup = f"{POINT}y = {wrapped}\n"
        ours = setup + "from ft_utils.local import LocalWrapper\nx = LocalWrapper(y)"
        ways = same((OURS, REFERENCE), ours, loop(statement))
        thread_handle = setup + "from cereggii import ThreadHandle\nx = ThreadHandle(y)"
        ways |= same((CEREGGII,), thread_handle, loop(statement))
        # With nothing in between.
        ways |= same((STD,), setup + "x = y", loop(statement))
        yield Cell(f"wrapper: {name}", ways, only_scale=True)
    setup = "from ft_utils.local import BatchExecutor\nx = BatchExecutor(int, 1024)"
    yield Cell("batch executor: load", same(ALL, setup, loop("x.load()")), SCALING)
