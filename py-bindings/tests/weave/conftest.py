"""Fixtures of this folder."""

import os
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from .shared import CPP, SOURCES, C, Plain, code_blocks, load, shared


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Everything compiled, at the same time, by name."""
    folder = tmp_path_factory.mktemp("weave")
    (folder / "in_c.c").write_text(code_blocks("c")[0])
    (folder / "in_cpp.cpp").write_text(code_blocks("cpp")[0])
    extension = SOURCES / "extension.c"
    jobs = {
        "plain": (C, SOURCES / "plain.c", "-std=c11"),
        "weave_c": (C, extension, "-std=c11", "-DNAME=weave_c"),
        "weave_cpp": (CPP, "-xc++", extension, "-std=c++17", "-DNAME=weave_cpp"),
        "weave_other": (
            C,
            extension,
            "-std=c11",
            "-DNAME=weave_other",
            '-DFT_WEAVE_PACKAGE="other_utils"',
        ),
        "in_c": (C, folder / "in_c.c", "-std=c11"),
        "in_cpp": (CPP, folder / "in_cpp.cpp", "-std=c++17"),
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        made = {
            name: pool.submit(shared, words[0], words[1], folder / (name + suffix), *words[2:])
            for name, words in jobs.items()
        }
        return {name: job.result() for name, job in made.items()}


@pytest.fixture(scope="session")
def plain(built: dict[str, Path]) -> Plain:
    return Plain(built["plain"])


@pytest.fixture(scope="session", params=["weave_c", "weave_cpp"])
def extension(request: pytest.FixtureRequest, built: dict[str, Path]) -> ModuleType:
    return load(built[request.param])
