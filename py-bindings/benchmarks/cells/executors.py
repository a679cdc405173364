"""WorkStealingExecutor: what a job costs beyond its work."""

from collections.abc import Iterator

from benchmarks.cell import OURS, STD, Cell, Way, loop, same

IMPORTS = {
    OURS: "from ft_utils import WorkStealingExecutor as Executor\n",
    STD: "from concurrent.futures import ThreadPoolExecutor as Executor\n",
}
JOBS = """
from time import perf_counter
def spin(seconds):
    end = perf_counter() + seconds
    while perf_counter() < end:
        pass
def burst(*job):
    for future in [x.submit(*job) for _ in range(100)]:
        future.result()
def fibonacci(m):
    if m < 2:
        return m
    jobs = [x.submit(fibonacci, m - 1), x.submit(fibonacci, m - 2)]
    return jobs[0].result() + jobs[1].result()
"""
HUNDREDS = "for _ in repeat(None, n // 100):\n    "


def cells() -> Iterator[Cell]:
    for workers in (1, 2):
        made = {name: f"{text}x = Executor({workers}){JOBS}" for name, text in IMPORTS.items()}
        where = f"with {workers} worker{'s' if workers > 1 else ''}"
        ways: dict[str, Way] = {}
        for name, setup in made.items():
            ways |= same((name,), setup, loop("x.submit(int).result()"))
        yield Cell(f"executor: submit and result, {where}", ways, has_threads=True)
        for text, job in [("empty", "int"), ("10 us", "spin, 1e-5"), ("100 us", "spin, 1e-4")]:
            ways = {}
            for name, setup in made.items():
                ways |= same((name,), setup, f"{HUNDREDS}burst({job})")
            yield Cell(f"executor: 100 jobs, {text}, {where}", ways, step=100, has_threads=True)
        # A nested job of ThreadPoolExecutor waits for ever. 100 operations are about a job each.
        ways = same((OURS,), made[OURS], HUNDREDS + "x.submit(fibonacci, 8).result()")
        yield Cell(f"executor: nested Fibonacci, {where}", ways, step=100, has_threads=True)
