"""Settings for all test files."""

import gc
import signal

import pytest
from hypothesis import settings

# A thread that is not scheduled for a while is no failure.
settings.register_profile("ours", deadline=None, max_examples=100)
settings.load_profile("ours")

# Shells start what runs in the background with Ctrl-C ignored, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one thread what starts threads or processes itself, and what takes long."""
    for item in items:
        function = item.function
        has_threads = {"run_threads", "Task"} & set(function.__code__.co_names)
        is_property = hasattr(function, "hypothesis") or hasattr(item.cls, "settings")
        if has_threads or is_property or item.path.name == "test_module.py":
            item.add_marker(pytest.mark.thread_unsafe)


@pytest.fixture(scope="module", autouse=True)
def _spare_the_collector() -> None:
    """Put aside what is there for good: the tests call the collector thousands of times."""
    gc.collect()
    gc.freeze()
