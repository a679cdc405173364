"""Settings for all tests."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from hypothesis import settings

# Failing asserts in the helpers of a room tell as much as those in its tests.
_ROOMS = [path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")]
pytest.register_assert_rewrite(*_ROOMS)

# A test does not fail because the system leaves its thread without a core for a while.
settings.register_profile("ours", deadline=None, max_examples=100)
settings.load_profile("ours")

# A shell starts background processes with Ctrl-C ignored, and their children inherit this.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark that `cargo xtask tsan --python` selects."""
    config.addinivalue_line("markers", "threads: starts threads")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests on one thread that start threads or processes, or that take long."""
    for item in items:
        function = item.function
        used = everything_used(function)
        if used & {"run_threads", "Task"}:
            item.add_marker(pytest.mark.threads)
        starts = used & {"run_threads", "Task", "run_python"}
        is_property = hasattr(function, "hypothesis") or hasattr(item.cls, "settings")
        if starts or is_property or item.path.parent.name == "whole_package":
            item.add_marker(pytest.mark.thread_unsafe)


def everything_used(function: FunctionType) -> set[str]:
    """Return all names in this function, and in the functions that it uses."""
    all_names: set[str] = set()
    left = [function]
    seen = {function}
    while left:
        one = left.pop()
        for name in names(one.__code__):
            all_names.add(name)
            other = one.__globals__.get(name)
            if isinstance(other, FunctionType) and other not in seen:
                seen.add(other)
                left.append(other)
    return all_names


def names(code: CodeType) -> Iterator[str]:
    """Yield the names that the code uses, also in functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names(constant)


@pytest.fixture(scope="module", autouse=True)
def _spare_the_collector() -> None:
    """Freeze the objects that stay: the tests call the collector thousands of times."""
    gc.collect()
    gc.freeze()
