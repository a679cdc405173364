"""The number of processors: affinity and the limits of cgroups, in fake files."""

import os
import sys

import pytest
from ft_utils._flow.cpus import available_cpus
from helpers.programs import run_python

ALL = available_cpus()


@pytest.fixture
def write(tmp_path):
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def many(monkeypatch):
    """Let the process have 64 processors."""
    monkeypatch.setattr("ft_utils._flow.cpus._allowed_cpus", lambda: 64)


SECOND = "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
FIRST = (
    "29 23 0:25 / / rw - ext4 /dev/root rw\n"
    "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
)


def version_2(limits, group="/", mounts=SECOND):
    files = {f"sys/fs/cgroup/{name}cpu.max": text for name, text in limits.items()}
    return files | {"proc/self/cgroup": f"0::{group}\n", "proc/self/mountinfo": mounts}


pytestmark = pytest.mark.thread_unsafe(reason="changes a function of the module")


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("max 100000\n", 64),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("1000 100000\n", 1),
        ("0 100000\n", 1),
        ("9900000 100000\n", 64),
        ("100000 0\n", 64),
        ("\n", 64),
        ("two\n", 64),
    ],
)
def test_limit_of_version_2(write, many, text, cpus):
    assert available_cpus(write(version_2({"": text}))) == cpus


@pytest.mark.parametrize(
    ("outer", "inner", "cpus"),
    [("max 100000", "300000 100000", 3), ("200000 100000", "max 100000", 2), ("1 1", "9 1", 1)],
)
def test_the_smallest_limit_around_the_group(write, many, outer, inner, cpus):
    files = version_2({"a/": outer, "a/b/": inner}, "/a/b")
    assert available_cpus(write(files)) == cpus


def test_mount_of_a_part_of_the_groups(write, many):
    mounts = SECOND.replace(" / /sys", " /docker/1 /sys")
    files = version_2({"sub/": "300000 100000"}, "/docker/1/sub", mounts)
    assert available_cpus(write(files)) == 3


@pytest.mark.parametrize("group", ["/elsewhere", "/../other", "/docker/1/../.."])
def test_group_by_a_name_from_outside(write, many, group):
    mounts = SECOND.replace(" / /sys", " /docker/1 /sys")
    files = version_2({"": "300000 100000"}, group, mounts)
    assert available_cpus(write(files)) == 3


def test_place_with_a_space(write, many):
    files = {
        "proc/self/cgroup": "0::/\n",
        "proc/self/mountinfo": SECOND.replace("/sys/fs/cgroup", r"/my\040groups"),
        "my groups/cpu.max": "300000 100000",
    }
    assert available_cpus(write(files)) == 3


@pytest.mark.parametrize(
    ("quota", "period", "cpus"),
    [("-1", "100000", 64), ("250000", "100000", 3), ("50000", "100000", 1), ("5", "", 64)],
)
def test_limit_of_version_1(write, many, quota, period, cpus):
    files = {
        "proc/self/cgroup": "9:name=systemd:/\n4:cpu:/a\n3:cpuacct:/b\n",
        "proc/self/mountinfo": FIRST,
        "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": quota,
        "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": period,
    }
    assert available_cpus(write(files)) == cpus


@pytest.mark.parametrize("name", ["proc/self/cgroup", "proc/self/mountinfo"])
@pytest.mark.parametrize("text", ["", "x", "0::", "\n\n", "1 2 3 - x", "0::/\n" + SECOND])
def test_files_that_say_nothing(write, many, name, text):
    assert available_cpus(write(version_2({}))) == 64
    assert available_cpus(write({name: text})) == 64


def test_no_files(tmp_path):
    assert available_cpus(tmp_path) >= ALL


def test_affinity_and_the_limit_of_this_process():
    assert 1 <= ALL <= (os.cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        assert len(os.sched_getaffinity(0)) >= ALL


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs sched_setaffinity()")
def test_process_that_may_use_one():
    out = run_python(
        """
import os
from ft_utils._flow.cpus import available_cpus
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
print(available_cpus())
"""
    )
    assert out == "1\n"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="-X cpu_count came with Python 3.13")
def test_number_that_the_user_has_set(write, monkeypatch):
    root = write(version_2({"": "100000 100000"}))
    monkeypatch.setattr("sys._get_cpu_count_config", lambda: 7)
    monkeypatch.setattr("ft_utils._flow.cpus._allowed_cpus", lambda: 7)
    assert available_cpus(root) == 7
