"""Settings for all test files."""

import gc
import signal
from collections.abc import Iterator
from types import CodeType, FunctionType

import pytest
from hypothesis import settings

# A thread that is not scheduled for a while is no failure.
settings.register_profile("ours", deadline=None, max_examples=100)
settings.load_profile("ours")

# Shells start what runs in the background with Ctrl-C ignored, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


STARTERS = {"run_threads", "Task", "run_python"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one thread what starts threads or processes itself, and what takes long."""
    for item in items:
        function = item.function
        is_property = hasattr(function, "hypothesis") or hasattr(item.cls, "settings")
        if starts_something(function) or is_property or item.path.name == "test_module.py":
            item.add_marker(pytest.mark.thread_unsafe)


def starts_something(function: FunctionType) -> bool:
    """Tell whether this, or a function of the same module that it uses, names a starter."""
    used = {function}
    left = [function]
    while left:
        one = left.pop()
        for name in names(one.__code__):
            if name in STARTERS:
                return True
            other = one.__globals__.get(name)
            if isinstance(other, FunctionType) and other not in used:
                used.add(other)
                left.append(other)
    return False


def names(code: CodeType) -> Iterator[str]:
    """Yield the names of what the code uses, and of the functions in it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names(constant)


@pytest.fixture(scope="module", autouse=True)
def _spare_the_collector() -> None:
    """Put aside what is there for good: the tests call the collector thousands of times."""
    gc.collect()
    gc.freeze()
