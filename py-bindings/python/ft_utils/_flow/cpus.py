"""The number of processors that this process may use."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def available_cpus(root: Path = _ROOT) -> int:
    """Return how many threads of this process can compute at the same time, at least 1.

    That is the number of processors that the process may run on, or the limit of its cgroup
    (the one of a container, for example) if that is smaller: 1.5 processors count as 2. A number
    that the user has set by ``-X cpu_count`` or ``PYTHON_CPU_COUNT`` counts as it is.

    The root is the folder in which proc and the cgroups are looked for.
    """
    allowed = _allowed_cpus()
    if getattr(sys, "_get_cpu_count_config", lambda: -1)() > 0:
        return allowed
    return max(1, min([allowed, *(ceil(limit) for limit in _limits(root))]))


def _allowed_cpus() -> int:
    # From Python 3.13 on.
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if sys.platform != "win32" and sys.platform != "darwin":
        with suppress(OSError):
            return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _limits(root: Path) -> Iterator[float]:
    """Yield the limits of this process's cgroup and of those around it, in processors."""
    groups, mounts = _lines(root / "proc/self/cgroup"), _lines(root / "proc/self/mountinfo")
    for line in groups:
        # "0::/a/b" in version 2, "4:cpu,cpuacct:/a/b" in version 1.
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        read = _limit_1 if controllers else _limit_2
        for mount in mounts:
            for folder in _folders(mount, group, is_first=bool(controllers)):
                if (limit := _limit(read, root / folder)) is not None:
                    yield limit


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except (OSError, ValueError):
        return []


def _limit(read: Callable[[Path], float | None], folder: Path) -> float | None:
    try:
        return read(folder)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _folders(mount: str, group: str, *, is_first: bool) -> Iterator[str]:
    """Yield the folders of the group and those around it, if this line is about its mount."""
    # "36 35 98:0 /in /on rw - cgroup2 cgroup2 rw": see proc_pid_mountinfo(5).
    where, _, what = mount.partition(" - ")
    fields, kinds = where.split(" "), what.split(" ")
    if len(fields) < 5 or len(kinds) < 3:
        return
    if is_first:
        if kinds[0] != "cgroup" or "cpu" not in kinds[2].split(","):
            return
    elif kinds[0] != "cgroup2":
        return
    inside, place = PurePosixPath(_plain(fields[3])), _plain(fields[4]).strip("/")
    below = _below(inside, PurePosixPath(group))
    for folder in (below, *below.parents):
        yield str(PurePosixPath(place) / folder)


def _below(inside: PurePosixPath, group: PurePosixPath) -> PurePosixPath:
    """Return the way from the root of the mount to the group."""
    try:
        below = group.relative_to(inside)
    except ValueError:
        # A container that sees its own group alone, by a name from outside.
        return PurePosixPath()
    return PurePosixPath() if ".." in below.parts else below


def _plain(path: str) -> str:
    r"""Undo the writing of a space as \040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _limit_2(folder: Path) -> float | None:
    quota, period = (folder / "cpu.max").read_text().split()
    return None if quota == "max" else int(quota) / int(period)


def _limit_1(folder: Path) -> float | None:
    quota = int((folder / "cpu.cfs_quota_us").read_text())
    return None if quota <= 0 else quota / int((folder / "cpu.cfs_period_us").read_text())
