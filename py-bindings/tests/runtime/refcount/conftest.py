"""Fixtures for the tests in this folder."""

import gc
import importlib.machinery
import importlib.util
from collections.abc import Iterator
from types import ModuleType

import pytest
from helpers.builds import built_extension
from helpers.threads import wait_until

from .shared import Made, Owner


@pytest.fixture(scope="session")
def ext() -> ModuleType:
    path = str(built_extension("ft-references-extension"))
    loader = importlib.machinery.ExtensionFileLoader("ft_references_extension", path)
    spec = importlib.machinery.ModuleSpec("ft_references_extension", loader, origin=path)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _no_collections() -> Iterator[None]:
    """Keep the collector from stopping the threads that stay attached here."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(params=["own", "theirs", "over"])
def made(ext: ModuleType, request: pytest.FixtureRequest) -> Iterator[Made]:
    """An object of this thread, of one that waits, and of one that is over."""
    if request.param == "own":
        made = Made(ext, "plain")
        yield made
    else:
        with Owner(ext, "plain", attached=False, number=1) as owner:
            if request.param == "over":
                owner.end()
            (made,) = owner.made
            yield made
    wait_until(lambda: made.deaths)
    assert len(made.deaths) == 1
