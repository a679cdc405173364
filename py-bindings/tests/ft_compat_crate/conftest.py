"""Fixtures for the tests in this folder."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from helpers.builds import built_extension

from .shared import LOAD


@pytest.fixture(scope="session")
def library() -> Path:
    """Build the extension for this interpreter."""
    return built_extension("ft-compat-extension")


@pytest.fixture(scope="session")
def ext(library: Path) -> ModuleType:
    """Import the extension."""
    names: dict[str, Any] = {}
    exec(LOAD, names)
    return names["load"](str(library))
