"""Fixtures for the tests in this folder."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
from helpers.builds import built_once

from .shared import BACKENDS, HEADERS, KINDS, build, load


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build with each backend, at the same time."""
    if not (HEADERS / "Python.h").is_file():
        pytest.skip(f"{HEADERS} has no Python.h")

    def build_all(folder: Path) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(build, BACKENDS, map(folder.joinpath, BACKENDS)))

    folder = built_once(tmp_path_factory, "ft_compat", build_all)
    return {backend: folder / backend / "site" for backend in BACKENDS}


@pytest.fixture(scope="session")
def modules(sites: dict[str, Path]) -> dict[str, ModuleType]:
    return {
        f"{backend}-{name}": load(site, name)
        for backend, site in sites.items()
        for name in ("compat_c", "compat_cxx")
    }


@pytest.fixture(params=KINDS)
def module(request: pytest.FixtureRequest, modules: dict[str, ModuleType]) -> Iterator[ModuleType]:
    yield modules[request.param]
