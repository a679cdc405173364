"""map_ordered(): a Dask cluster."""

import subprocess
import sys

import pytest
from helpers.limits import LONG

CLUSTER = """
import sys
from distributed import Client, LocalCluster
from ft_utils import map_ordered

def square(n):
    return n * n

def inverse(n):
    return 1 / n

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes={processes}, dashboard_address=":0"
    ) as cluster, Client(cluster) as client:
        with client.get_executor() as executor:
            print(list(map_ordered(executor, square, range(30), 4)) == [n * n for n in range(30)])
            results = map_ordered(executor, inverse, [1, 0, 2], 4)
            print(next(results))
            try:
                next(results)
            except ZeroDivisionError:
                print("in its place")
            # Without an end, and left early.
            results = map_ordered(executor, square, iter(int, 1), 4)
            print(next(results))
            results.close()
            results = map_ordered(executor, square, iter(int, 1), 4)
            print(next(results))
        try:
            print(list(results))
        except Exception as error:
            print("after shutdown:", type(error).__name__)
"""


@pytest.mark.thread_unsafe(reason="starts processes")
@pytest.mark.parametrize("processes", [False, True])
def test_dask_cluster(processes, tmp_path):
    """The same on workers of a cluster, which could be on other machines."""
    pytest.importorskip("distributed", reason="needs the package distributed, of Dask")
    program = tmp_path / "program.py"
    program.write_text(CLUSTER.replace("{processes}", str(processes)))
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[:5] == ["True", "1.0", "in its place", "0", "0"], done
    assert lines[5].startswith("after shutdown: "), done
    assert done.returncode == 0, done
