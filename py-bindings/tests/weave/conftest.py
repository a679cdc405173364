"""Fixtures for the tests in this folder."""

import os
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
from helpers.builds import built_once

from .shared import CPP, SOURCES, C, Plain, code_blocks, load, shared

EXTENSION = SOURCES / "extension.c"
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
# The sources and their options; the examples of the documentation have to be written first.
WITH = {
    "plain": (C, SOURCES / "plain.c", "-std=c11"),
    "weave_c": (C, EXTENSION, "-std=c11", "-DNAME=weave_c"),
    "weave_cpp": (CPP, "-xc++", EXTENSION, "-std=c++17", "-DNAME=weave_cpp"),
    "weave_other": (
        C,
        EXTENSION,
        "-std=c11",
        "-DNAME=weave_other",
        '-DFT_WEAVE_PACKAGE="other_utils"',
    ),
}


def compile_all(folder: Path) -> None:
    """Compile everything, at the same time."""
    (folder / "in_c.c").write_text(code_blocks("c")[0])
    (folder / "in_cpp.cpp").write_text(code_blocks("cpp")[0])
    jobs = WITH | {
        "in_c": (C, folder / "in_c.c", "-std=c11"),
        "in_cpp": (CPP, folder / "in_cpp.cpp", "-std=c++17"),
    }

    def compile_one(name: str) -> None:
        compiler, source, *words = jobs[name]
        shared(compiler, source, folder / (name + SUFFIX), *words)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, jobs))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Everything compiled, by name."""
    folder = built_once(tmp_path_factory, "weave", compile_all)
    return {name: folder / (name + SUFFIX) for name in (*WITH, "in_c", "in_cpp")}


@pytest.fixture(scope="session")
def plain(built: dict[str, Path]) -> Plain:
    return Plain(built["plain"])


@pytest.fixture(scope="session", params=["weave_c", "weave_cpp"])
def extension(request: pytest.FixtureRequest, built: dict[str, Path]) -> ModuleType:
    return load(built[request.param])
